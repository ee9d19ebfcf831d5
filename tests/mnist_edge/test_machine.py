import json
import platform
from pathlib import Path

import pytest

from mnist_edge.machine import Machine, this_machine

PI = {
    "proc/cpuinfo": "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm crc32 cpuid\n"
    "processor\t: 1\nFeatures\t: fp asimd asimddp\n",
    "proc/meminfo": "MemTotal:        3884000 kB\nMemFree:  100 kB\nMemAvailable:    1000000 kB\n",
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
    "sys/class/thermal/thermal_zone0/temp": "48312\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
    "etc/os-release": 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
}


@pytest.fixture
def pi(tmp_path: Path) -> Machine:
    for name, content in PI.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return this_machine(tmp_path)


def test_a_pi_is_described_by_its_board_and_first_core(pi: Machine) -> None:
    assert pi.board == pi.cpu == "Raspberry Pi 4 Model B Rev 1.4"
    assert pi.features == ("asimd",)
    assert pi.governor == "ondemand"
    assert pi.temperature_c == pytest.approx(48.312)
    assert pi.system.startswith("Debian GNU/Linux 12 (bookworm) (")


def test_memory_is_in_units_of_a_million_bytes(pi: Machine) -> None:
    assert pi.memory_mb == pytest.approx(3884000 * 1024 / 1e6, abs=0.1)
    assert pi.free_mb == pytest.approx(1024, abs=0.1)


def test_a_system_that_reports_nothing_is_described_all_the_same(tmp_path: Path) -> None:
    machine = this_machine(tmp_path)
    assert (machine.memory_mb, machine.governor, machine.temperature_c) == (None, None, None)
    assert machine.features == ()
    assert machine.cpu


def test_this_machine_becomes_json() -> None:
    machine = this_machine()
    assert json.loads(json.dumps(machine.to_json())) == machine.to_json()
    assert machine.cores >= 1
    assert machine.python == platform.python_version()
