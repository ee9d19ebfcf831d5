"""What stands in for a reader in processes: it acts as the name of a picture says, and keeps a list of what it read."""

import os
import signal
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_edge.camera.archive.row import Read
from mnist_edge.errors import ImageError, ModelError, ModelWarning


@dataclass(frozen=True)
class Acting:
    """Opens what reads nothing; `log` gets a line for each picture that is begun."""

    log: str
    seconds: float = 0.0
    fails: str = ""

    def __call__(self) -> tuple[str, Read]:
        if self.fails == "error":
            raise ModelError("there is no such model")
        if self.fails == "death":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fails == "warning":
            warnings.warn("a softmax was added", ModelWarning, stacklevel=2)
        return "acting", self._read

    def _read(self, source: str) -> Iterator[dict[str, Any] | None]:
        tried = source in self.begun()
        with open(self.log, "a", encoding="utf-8", errors="surrogateescape") as log:
            log.write(f"{source}\n")
        time.sleep(self.seconds)
        name = Path(source).name
        if name.startswith("crash") or (name.startswith("once") and not tried):
            os.kill(os.getpid(), signal.SIGSEGV)
        if name.startswith("hang"):
            time.sleep(600)
        if name.startswith("damaged"):
            raise ImageError(f"{source} is damaged")
        if name.startswith("bug"):
            raise ValueError("a bug")
        if name.startswith("long"):
            yield {"source": source, "model": "acting", "seconds": 0.0, "last": False}
            for _ in range(8):
                time.sleep(0.5)
                yield None
        yield {"source": source, "model": "acting", "process": os.getpid()}

    def begun(self) -> list[str]:
        """The pictures that were begun until now."""
        path = Path(self.log)
        return path.read_text("utf-8", "surrogateescape").splitlines() if path.exists() else []


class Silent:
    """Opens what reads nothing, and remembers nothing."""

    def __call__(self) -> tuple[str, Read]:
        return "silent", lambda source: [{"source": source}]
