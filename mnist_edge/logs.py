"""How the package's log is shown to people: one line a record, `note: ...`, without secrets."""

import logging
from collections.abc import Callable

from mnist_edge.safe_text import mask_all, printable

# The `extra` of a record whose addresses a private terminal may show in full; see `LineHandler`.
UNMASKED = {"unmasked": True}


class LineHandler(logging.Handler):
    """Passes each record on as one printable line, in which every address is masked.

    A record that was logged with `extra=UNMASKED` keeps its addresses where the handler allows that.
    """

    def __init__(self, write: Callable[[str], object], *, private: bool) -> None:
        """Remember where lines go.

        Args:
            write: Called with each line, in the thread that logs; must not wait.
            private: Whether only the owner of the process sees the lines, and with them unmasked addresses.
        """
        super().__init__()
        self._write, self._private = write, private

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one record on."""
        try:
            self._write(self.format(record))
        except Exception:
            self.handleError(record)

    def format(self, record: logging.LogRecord) -> str:
        """Write a record as `note: ...`; a traceback is left to whoever prints it."""
        line = f"note: {record.getMessage()}"
        unmasked = self._private and getattr(record, "unmasked", False)
        return printable(line if unmasked else mask_all(line))
