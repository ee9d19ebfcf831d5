"""Tornado, imported in one place: a missing package is one clear line, and clients' mistakes stay off the terminal."""

import logging
import re
from typing import Any

from mnist_edge.optional_packages import require
from mnist_edge.safe_text import HIDDEN, mask_all, printable

httpserver: Any = require("tornado.httpserver", extra="web")
ioloop: Any = require("tornado.ioloop", extra="web")
iostream: Any = require("tornado.iostream", extra="web")
web: Any = require("tornado.web", extra="web")

QUERY = re.compile(r"\?[^\s'\")]*")


class _Masked(logging.Filter):
    """Takes what may be secret out of a line: Tornado describes a request by its address, which may hold the token."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every line through, masked."""
        record.msg, record.args = printable(QUERY.sub(f"?{HIDDEN}", mask_all(record.getMessage()))), ()
        return True


for _name in ("tornado.access", "tornado.application", "tornado.general"):
    logging.getLogger(_name).addFilter(_Masked())
# Without a handler Python prints its warnings, which here are about what strangers send.
logging.getLogger("tornado.general").addHandler(logging.NullHandler())
