"""The log: silent in programs that do not ask for it, one masked line a record where the command line shows it."""

import logging
import subprocess
import sys

from mnist_edge.cli.console import log_to
from mnist_edge.logs import UNMASKED, LineHandler

logger = logging.getLogger("mnist_edge.camera")


def test_a_program_sees_nothing_unless_it_sets_up_logging() -> None:
    code = "import logging, mnist_edge; logging.getLogger('mnist_edge.camera').warning('the disk is full')"
    for setup, expected in (("", ""), ("; logging.basicConfig()", "WARNING:mnist_edge.camera:the disk is full\n")):
        whole = code.replace("mnist_edge;", f"mnist_edge{setup};")
        done = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=True)
        assert done.stderr == expected


def test_a_record_is_one_line_without_secrets() -> None:
    lines: list[str] = []
    with log_to(lines.append):
        logger.info("%s is back after %.1f s", "rtsp://me:secret@camera/1", 2.5)
        logger.warning("first\nsecond \x1b[31m rtsp://me:secret@camera/1; trying again")
    logger.warning("nobody listens any more")
    assert lines == [
        "note: rtsp://***@camera/1 is back after 2.5 s",
        r"note: first\nsecond \x1b[31m rtsp://***@camera/1; trying again",
    ]


def test_only_the_owner_sees_an_address_in_full() -> None:
    own, public = list[str](), list[str]()
    handler = LineHandler(public.append, private=False)
    logger.addHandler(handler)
    try:
        with log_to(own.append):
            logger.info("web page at %s", "http://pi:8000/?token=s3cret", extra=UNMASKED)
    finally:
        logger.removeHandler(handler)
    assert own == ["note: web page at http://pi:8000/?token=s3cret"]
    assert public == ["note: web page at http://pi:8000/?***"]


def test_an_inner_block_replaces_an_outer() -> None:
    outer, inner = list[str](), list[str]()
    with log_to(outer.append):
        with log_to(inner.append):
            logger.info("one")
        logger.info("two")
    assert (outer, inner) == (["note: two"], ["note: one"])


def test_a_line_that_cannot_be_written_stops_nothing() -> None:
    tried: list[str] = []

    def refuse(line: str) -> None:
        tried.append(line)
        raise BrokenPipeError

    logging.raiseExceptions, before = False, logging.raiseExceptions
    try:
        with log_to(refuse):
            logger.info("one")
            logger.info("two")
    finally:
        logging.raiseExceptions = before
    assert tried == ["note: one", "note: two"]
