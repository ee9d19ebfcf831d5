"""Print the oldest versions that a device may have, as constraints of pip: `name==version` a line.

Run as `python floors.py pyproject.toml`; needs nothing but Python.
"""

import re
import sys
from pathlib import Path

# What trains is not for devices, and numpy 1.24 is older than TensorFlow takes.
DEVICE = ("dependencies", "headless", "mqtt", "web", "record")


def floors(text: str) -> dict[str, str]:
    """The lowest version of each requirement in the lists called `DEVICE` of a pyproject.toml."""
    found: dict[str, str] = {}
    for name in DEVICE:
        block = re.search(rf"^{name} = \[(.*?)\]\n", text, re.MULTILINE | re.DOTALL)
        assert block, name
        found |= dict(re.findall(r'"([\w.-]+)>=([\w.]+)', block[1]))
    return found


if __name__ == "__main__":
    for package, version in floors(Path(sys.argv[1]).read_text()).items():
        print(f"{package}=={version}")
