/* A plugin of qemu's that counts the guest's instructions, and prints the count when the guest asks for it.

   The guest asks by a system call that does nothing else: getpriority(PRIO_PROCESS, MARK + k), of which the answer is an
   error. Declared here is the part of qemu's plugin interface, version 1, that is needed: Debian has no header of it. */
#include <inttypes.h>
#include <stdio.h>

#define EXPORT __attribute__((visibility("default")))
#define MARK 0x4d4e0000 /* No process has such a number: the most is 2^22. */
#define MARKS 0x10000
#define GETPRIORITY 141 /* on 64-bit Arm */

struct block;
enum operation { ADD_U64 };
typedef void on_translation(uint64_t, struct block *);
typedef void on_call(uint64_t, unsigned, int64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                     uint64_t);
typedef void on_end(uint64_t, void *);

extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t, on_translation *);
extern void qemu_plugin_register_vcpu_syscall_cb(uint64_t, on_call *);
extern void qemu_plugin_register_atexit_cb(uint64_t, on_end *, void *);
extern size_t qemu_plugin_tb_n_insns(const struct block *);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct block *, enum operation, void *, uint64_t);

EXPORT int qemu_plugin_version = 1;
static uint64_t instructions;

/* Each block of instructions adds their number whenever it runs. */
static void translated(uint64_t plugin, struct block *block) {
    (void)plugin;
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &instructions, qemu_plugin_tb_n_insns(block));
}

static void called(uint64_t plugin, unsigned cpu, int64_t number, uint64_t which, uint64_t who, uint64_t a3, uint64_t a4,
                   uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8) {
    (void)plugin, (void)cpu, (void)which, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
    if (number == GETPRIORITY && who >= MARK && who < MARK + MARKS)
        fprintf(stderr, "counted %" PRIu64 " at %" PRIu64 "\n", instructions, who - MARK);
}

static void ended(uint64_t plugin, void *nothing) {
    (void)plugin, (void)nothing;
    fprintf(stderr, "counted %" PRIu64 " in all\n", instructions);
}

EXPORT int qemu_plugin_install(uint64_t plugin, const void *host, int count, char **arguments) {
    (void)host, (void)count, (void)arguments;
    qemu_plugin_register_vcpu_tb_trans_cb(plugin, translated);
    qemu_plugin_register_vcpu_syscall_cb(plugin, called);
    qemu_plugin_register_atexit_cb(plugin, ended, NULL);
    return 0;
}
