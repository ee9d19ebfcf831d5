"""What reads the pictures of an archive: processes of this machine (`workers.py`), or a cluster (`cluster.py`)."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from mnist_edge.camera.archive.row import Row, failure
from mnist_edge.camera.archive.walk import Found


class Executor(Protocol):
    """Reads pictures, many at a time, and survives what happens to whoever reads them."""

    @property
    def model(self) -> str:
        """Name of the model that reads."""

    def read(self, sources: Iterator[str]) -> Iterator[Row]:
        """Read pictures; yields a row for each, as they are finished.

        Args:
            sources: Their paths, taken only when somebody is free to read.
        """


def read_new(
    executor: Executor, found: Iterable[Found], known: Callable[[str], bool], skip: Callable[[], object]
) -> Iterator[Row]:
    """Read what was found and not read before; a folder that cannot be listed has a row as well.

    Args:
        executor: What reads.
        found: The pictures, each once, taken as they are needed.
        known: Whether one was read before.
        skip: Called for each that was.
    """
    unlisted: deque[Row] = deque()

    def wanted() -> Iterator[str]:
        for one in found:
            if known(one.source):
                skip()
            elif one.error:
                unlisted.append(failure(one.source, one.error))
            else:
                yield one.source

    for row in executor.read(wanted()):
        while unlisted:
            yield unlisted.popleft()
        yield row
    yield from unlisted
