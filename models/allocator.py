"""What the C library does with memory that is freed."""

import ctypes

# Parameters of glibc's `mallopt`: from which free memory at the end of the heap on it goes back to the system, and
# from which size on a block is mapped by itself, bytes.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
TRIM, MMAP = 2**30, 2**25


def keep_freed_memory() -> bool:
    """Let this process keep what it frees, up to a gibibyte, where its C library is glibc; return whether it does.

    Each step of a training frees what the next one needs again. Where that goes back to the system, every page of it is
    faulted in again: a fifth of the processor's time of `train small` on an AMD EPYC without AVX-512 (LOG.md).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, MMAP)) and bool(mallopt(M_TRIM_THRESHOLD, TRIM))
