"""Where recordings go: one video, or a ring of files in a folder."""

import re
from itertools import count
from pathlib import Path

from mnist_edge.camera.sinks.encoders import SUFFIXES, check_suffix, usual_suffix
from mnist_edge.camera.sinks.stamps import PATTERN, free_stamp
from mnist_edge.errors import OutputError
from mnist_edge.files import refuse_overwrite

# Nothing else in the folder is ever deleted.
OURS = re.compile(PATTERN + r"\.(?:mp4|avi)")


class OneVideo:
    """One video; where recording is begun again, the next is called `NAME-2.SUFFIX`, and so on."""

    def __init__(self, path: Path, force: bool) -> None:
        """Check that it would replace nothing unasked.

        Args:
            path: Ends in a suffix of `encoders.SUFFIXES`.
            force: Replace what is there.

        Raises:
            OutputError: There is such a file, or a part of one that was never finished.
        """
        self._path, self._force = path, force
        self._numbers = count(1)
        for file in (_part(path), path):
            refuse_overwrite(file, force)

    def begin(self) -> tuple[Path, Path]:
        """Where to write the next video, and what to call it when it is finished.

        Raises:
            OSError: The folder cannot be made.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        names = (self._path if n == 1 else self._path.with_stem(f"{self._path.stem}-{n}") for n in self._numbers)
        path = next(name for name in names if self._force or not (name.exists() or _part(name).exists()))
        return _part(path), path


class Ring:
    """A folder of videos, named by the time they began, of which the newest are kept.

    They have their names from the start: what is written can be played without its end, so one that a killed process
    left is a file of the ring like the others. They are MP4 where PyAV is installed, else AVI.
    """

    def __init__(self, folder: Path, files: int) -> None:
        """Keep what to do.

        Args:
            folder: Made when the first video begins.
            files: How many to keep, 1 or more.
        """
        self._folder, self._files = folder, files
        self._mine: list[str] = []

    def begin(self) -> tuple[Path, Path]:
        """Make room for the next video; where to write it, twice.

        Raises:
            OSError: The folder cannot be made, or a file not be deleted.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = 0
        for path in reversed(self._oldest_first()):
            # One that ended before anything was written must not cost a real one its place.
            kept += path.stat().st_size > 0
            if kept >= self._files:
                path.unlink(missing_ok=True)
        suffix = usual_suffix()
        name = free_stamp(lambda name: (self._folder / f"{name}{suffix}").exists()) + suffix
        self._mine.append(name)
        return self._folder / name, self._folder / name

    def _oldest_first(self) -> list[Path]:
        names = {path.name for path in self._folder.iterdir() if OURS.fullmatch(path.name) and path.is_file()}
        # This run's are the newest, even where the clock was put back since, as on a board without one of its own.
        self._mine = [name for name in self._mine if name in names]
        return [self._folder / name for name in [*sorted(names.difference(self._mine)), *self._mine]]


def recordings_at(path: Path, files: int, force: bool) -> OneVideo | Ring:
    """What a user means by a path: a name with a suffix is one video, anything else a folder.

    Raises:
        OutputError: Such a file is there already.
        PackageMissing: This kind of video needs PyAV.
        UsageError: The name ends in something else than a video's suffix.
    """
    if path.suffix and not path.is_dir():
        check_suffix(path)
        return OneVideo(path, force)
    if path.is_file():
        raise OutputError(f"{path} is a file; name a folder, or a video that ends in {' or '.join(SUFFIXES)}")
    return Ring(path, files)


def recorded_at(path: Path) -> list[Path]:
    """The videos that recording to this path has made, finished or not, newest first."""
    if path.suffix and not path.is_dir():
        ours = re.compile(rf"{re.escape(path.stem)}(?:-\d+)?(?:\.part)?{re.escape(path.suffix)}")
        folder = path.parent
    else:
        ours, folder = OURS, path
    found = [one for one in folder.glob("*") if ours.fullmatch(one.name) and one.is_file() and not one.is_symlink()]
    return sorted(found, key=_changed, reverse=True)


def _changed(path: Path) -> tuple[float, str]:
    try:
        return path.stat().st_mtime, path.name
    # The ring has deleted it meanwhile.
    except OSError:
        return 0.0, path.name


def _part(path: Path) -> Path:
    return path.with_name(f"{path.stem}.part{path.suffix}")
