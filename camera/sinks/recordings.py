"""Where recordings go: one video, or a ring of files in a folder."""

import re
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from mnist_edge.atomic_files import refuse_overwrite
from mnist_edge.camera.sinks.encoders import SUFFIXES, check_suffix, usual_suffix
from mnist_edge.camera.sinks.saved_files import PATTERN, unused_timestamp
from mnist_edge.errors import OutputError
from mnist_edge.locks import exclusive

# The files of a ring; nothing else in its folder is ever deleted.
RING_FILE = re.compile(PATTERN + r"\.(?:mp4|avi)")


class OneVideo(ExitStack):
    """One video; if recording is turned on again, the next one is called `NAME-2.SUFFIX`, and so on.

    A name is reserved by its unfinished file, `NAME.part.SUFFIX`, which is created and locked before it is written, so
    that two processes never use the same name. On leaving, an unfinished file without content is removed.
    """

    def __init__(self, path: Path, force: bool) -> None:
        """Check that no file would be replaced without `force`.

        Raises:
            OutputError: There is such a video, or an unfinished one, which another process may be writing.
        """
        super().__init__()
        self._force = force
        self._names = (path if n == 1 else path.with_stem(f"{path.stem}-{n}") for n in count(1))
        self._reserved: Path | None = None
        part = _part(path)
        if part.exists():
            with exclusive(part):
                refuse_overwrite(part, force)
        refuse_overwrite(path, force)

    def claim(self) -> None:
        """Reserve a name, unless one is reserved that nothing was recorded to yet.

        Raises:
            OutputError: Another process is writing the video that would be replaced.
            OSError: The folder cannot be written.
        """
        if not self._reserved or not _is_empty(_part(self._reserved)):
            self._reserved = next(name for name in self._names if self._reserve(name))

    def begin(self) -> tuple[Path, Path]:
        """Return where to write the next video, and its name once it is finished; raises what `claim` does."""
        self.claim()
        assert self._reserved
        return _part(self._reserved), self._reserved

    def _reserve(self, path: Path) -> bool:
        part = _part(path)
        part.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not self._force:
            return False
        try:
            part.touch(exist_ok=self._force)
        except FileExistsError:
            return False
        self.enter_context(exclusive(part))
        self.callback(_remove_empty, part)
        return True


class Ring(ExitStack):
    """A folder of videos, named by the time they began, of which the newest are kept.

    A video has its final name from the start: it can be played without its end, so one that a killed process left is a
    file of the ring like the others. The videos are MP4 where PyAV is installed, else AVI.
    """

    def __init__(self, folder: Path, files: int) -> None:
        """Prepare to keep so many files, 1 or more; nothing is written before the first video."""
        super().__init__()
        self._folder, self._files = folder, files
        self._claimed = False
        self._written: list[str] = []

    def claim(self) -> None:
        """Create the folder, and lock out other processes, which would delete the videos of this one.

        Raises:
            OutputError: Another process records into it.
            OSError: The folder cannot be created.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._claimed:
            self.enter_context(exclusive(self._folder))
            self._claimed = True

    def begin(self) -> tuple[Path, Path]:
        """Delete the oldest videos; return where to write the next, which is its final name, too.

        Raises:
            OutputError: Another process records here.
            OSError: The folder cannot be created, or a file cannot be deleted.
        """
        self.claim()
        kept = 0
        for path in reversed(self._oldest_first()):
            # An empty video takes no place from one with content.
            kept += path.stat().st_size > 0
            if kept >= self._files:
                path.unlink(missing_ok=True)
        suffix = usual_suffix()
        name = unused_timestamp(lambda name: (self._folder / f"{name}{suffix}").exists()) + suffix
        self._written.append(name)
        return self._folder / name, self._folder / name

    def _oldest_first(self) -> list[Path]:
        names = {path.name for path in self._folder.iterdir() if RING_FILE.fullmatch(path.name) and path.is_file()}
        # This run's are the newest, even where the clock was put back since, as on a board without a battery.
        self._written = [name for name in self._written if name in names]
        return [self._folder / name for name in [*sorted(names.difference(self._written)), *self._written]]


def recordings_at(path: Path, files: int, force: bool) -> OneVideo | Ring:
    """Interpret the path that a user gave: a name with a suffix is one video, anything else a folder.

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
    """List the videos that recording to this path has made, finished or not, newest first."""
    if path.suffix and not path.is_dir():
        pattern = re.compile(rf"{re.escape(path.stem)}(?:-\d+)?(?:\.part)?{re.escape(path.suffix)}")
        folder = path.parent
    else:
        pattern, folder = RING_FILE, path
    found = [one for one in folder.glob("*") if pattern.fullmatch(one.name) and one.is_file() and not one.is_symlink()]
    return sorted(found, key=_modified, reverse=True)


def _modified(path: Path) -> tuple[float, str]:
    try:
        return path.stat().st_mtime, path.name
    # The ring has deleted it meanwhile.
    except OSError:
        return 0.0, path.name


def _is_empty(path: Path) -> bool:
    return path.exists() and path.stat().st_size == 0


def _remove_empty(path: Path) -> None:
    if _is_empty(path):
        path.unlink()


def _part(path: Path) -> Path:
    return path.with_name(f"{path.stem}.part{path.suffix}")
