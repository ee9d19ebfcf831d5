"""Check OpenCV and what it was built with.

Run as `python -m mnist_edge.doctor.opencv`, this prints the version and the build report, in a child process, since a
broken OpenCV can crash Python.
"""

import sys
from importlib.util import find_spec

from mnist_edge.child_process import run_module
from mnist_edge.doctor.check import Check, Status
from mnist_edge.errors import PackageBroken
from mnist_edge.machine import this_machine
from mnist_edge.optional_packages import installed_version, pip_install, require

# All install the same folder, cv2: the last one wins, and removing one breaks the other.
WHEELS = ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")
FROM_SYSTEM = (
    "there is no wheel for 32-bit Arm: sudo apt install python3-opencv, in an environment made with "
    "--system-site-packages"
)
INSTALL = f"{pip_install('camera')}, or on a machine without a screen: {pip_install('headless')}"
BACK_ENDS = {"FFMPEG": "FFMPEG", "GStreamer": "GStreamer", "v4l/v4l2": "V4L2", "AVFoundation": "AVFoundation"}


def check(timeout_s: float) -> Check:
    """Check whether OpenCV can be imported, and its window and video back ends."""
    if find_spec("cv2") is None:
        return Check("OpenCV", Status.MISSING, "not installed", _install())
    wheels = [f"{name} {found}" for name in WHEELS if (found := installed_version(name))]
    outcome = run_module(__name__, timeout_s=timeout_s)
    if outcome.failure:
        return Check(
            "OpenCV", Status.BROKEN, f"{' and '.join(wheels)}: {outcome.failure}".lstrip(": "), _mend(outcome.failure)
        )
    release, _, report = outcome.output.partition("\n")
    has = build_parts(report)
    window = has.pop("GUI")
    found = f"{' and '.join(wheels) or f'cv2 {release}, from the system'}; window: {window}; "
    found += "video: " + (", ".join(name for name, built in has.items() if built != "NO") or "none")
    if len(wheels) > 1:
        advice = f"they overwrite each other: pip uninstall {' '.join(WHEELS)}, then install one"
        return Check("OpenCV", Status.OK, found, advice)
    return Check("OpenCV", Status.OK, found, "" if window != "none" else "no window, only `camera --no-window`")


def build_parts(report: str) -> dict[str, str]:
    """Parse `cv2.getBuildInformation()`.

    Returns:
        `GUI` (the toolkit's name, or `none`), then each video back end of the report: `YES...` or `NO`.
    """
    lines = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in report.splitlines())}
    toolkit = lines.get("GUI", "")
    if not toolkit:
        # Up to OpenCV 4.5 each toolkit has a line of its own.
        toolkit = next((name for name in ("QT", "GTK+", "Win32 UI", "Cocoa") if lines.get(name, "NO") != "NO"), "NONE")
    parts = {"GUI": "none" if toolkit == "NONE" else toolkit}
    return parts | {title: lines[name].split()[0] for name, title in BACK_ENDS.items() if lines.get(name)}


def _mend(failure: str) -> str:
    if "libGL" in failure or "libgthread" in failure:
        return "install the library (apt install libgl1 libglib2.0-0), or opencv-python-headless instead"
    if "numpy" in failure.lower() or "_ARRAY_API" in failure:
        return "OpenCV below 4.12 wants numpy < 2, from 4.12 on numpy >= 2: change one of them"
    return _install()


def _install() -> str:
    return FROM_SYSTEM if this_machine().is_32_bit_arm else INSTALL


if __name__ == "__main__":
    try:
        cv2 = require("cv2", extra="camera")
    except PackageBroken as broken:
        sys.exit(str(broken.__cause__))
    print(cv2.__version__)
    print(cv2.getBuildInformation())
