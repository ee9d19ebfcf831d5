"""Tornado, imported in one place: a missing package is one clear line, and clients' mistakes stay off the terminal."""

import logging
from typing import Any

from mnist_edge.optional import require

httpserver: Any = require("tornado.httpserver", extra="web")
iostream: Any = require("tornado.iostream", extra="web")
web: Any = require("tornado.web", extra="web")

# Without a handler Python prints its warnings, which here are about what strangers send.
logging.getLogger("tornado.general").addHandler(logging.NullHandler())
