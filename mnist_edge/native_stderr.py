"""Keep the log messages of native libraries off the terminal of the command line.

TensorFlow, the converter and XNNPACK write to file descriptor 2 below Python, where no setting reaches, so the
descriptor itself is redirected while they work. A descriptor belongs to the whole process: only a command line may do
that to its own, by calling `enable_silencing` first. In any other program `silenced` does nothing, and neither the
streams nor the environment are touched. Standard output is never touched.
"""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

silencing_enabled = False
"""Whether `silenced` has any effect in this process."""

# Variables that each library reads when it is loaded, with their values for errors only.
LOG_LEVELS = {
    "LIBCAMERA_LOG_LEVELS": "*:ERROR",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    "OPENCV_LOG_LEVEL": "SILENT",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
_lock = RLock()


def enable_silencing() -> None:
    """Enable `silenced` in this process, and ask native libraries to log errors only, unless the user has set a level.

    A command line calls it at its start, before such a library is loaded.
    """
    global silencing_enabled
    silencing_enabled = True
    for name, level in LOG_LEVELS.items():
        os.environ.setdefault(name, level)


@contextmanager
def silenced() -> Iterator[None]:
    """Silence file descriptor 2 and Python's warnings where silencing is enabled; one thread at a time."""
    if not silencing_enabled:
        yield
        return
    with _lock, open(os.devnull, "wb") as nowhere:
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
