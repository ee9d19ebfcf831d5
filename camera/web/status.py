"""How the loop does: the status, the reading and the stream of events, a health check, and metrics for Prometheus."""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mnist_edge import __version__
from mnist_edge.camera.controls import Controls
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.web.loop_state import LoopHandler, LoopState, first_of, reading_of, status_of
from mnist_edge.safe_text import printable, to_json

# The least time between two messages of an event stream: no person reads faster.
EVENT_SECONDS = 0.1
# A client gets the status so often even if nothing has changed, which tells it that the connection lives.
STATUS_SECONDS = 1.0
# Parts of the status whose change is sent at once; the others, such as rates, change all the time.
URGENT = ("controls", "away", "alive", "message", "width", "height", "model", "limited", "regions")
# Events that a client gets when it connects: as many as the page can show.
HISTORY = 30
# Browsers connect again after so long.
RETRY_MS = 2000


class Status(LoopHandler):
    """`GET /api/status`."""

    async def _answer(self) -> None:
        self.send_json(status_of(self.loop.state, self.loop.controls, self.loop.meter))


class CurrentReading(LoopHandler):
    """`GET /api/reading`."""

    async def _answer(self) -> None:
        self.send_json(reading_of(self.loop.state.view))


class Health(LoopHandler):
    """`GET /healthz`: whether the loop lives, for whoever may restart it."""

    needs_token = False

    async def _answer(self) -> None:
        alive = self.loop.state.alive
        self.set_status(200 if alive else 503)
        self.send("text/plain; charset=utf-8", "ok\n" if alive else "the loop is silent\n")


class Events(LoopHandler):
    """`GET /api/events`: what changes, until the client disconnects; a slow one misses what is replaced."""

    def initialize(self) -> None:
        """Begin a request, for which nothing has been sent yet."""
        super().initialize()
        self._serial = 0
        self._reading: tuple[Any, ...] | None = None
        self._urgent: list[Any] = []
        self._status_due = 0.0
        self._has_history = False

    async def _answer(self) -> None:
        state, clock = self.loop.state, asyncio.get_running_loop().time
        with state.client("events"):
            # Some proxies would collect them.
            self.set_header("X-Accel-Buffering", "no")
            self.send("text/event-stream", f"retry: {RETRY_MS}\n\n")
            while not self.disconnected.done():
                sent_at, changed = clock(), state.changed
                self.write(self._next_status() + self._next_events() + self._next_reading())
                await self.flush_in_time()
                await asyncio.sleep(EVENT_SECONDS)
                await first_of(changed, self.disconnected, timeout_seconds=sent_at + STATUS_SECONDS - clock())

    def _next_status(self) -> str:
        status = status_of(self.loop.state, self.loop.controls, self.loop.meter)
        urgent, now = [status[name] for name in URGENT], time.monotonic()
        if urgent == self._urgent and now < self._status_due:
            return ""
        self._urgent, self._status_due = urgent, now + STATUS_SECONDS
        return _message("status", status)

    def _next_events(self) -> str:
        numbered = self.loop.state.events_after(self._serial)
        self._serial = numbered[-1][0] if numbered else self._serial
        documents = [event.to_json() for _, event in numbered]
        if not self._has_history:
            self._has_history = True
            return _message("history", documents[-HISTORY:])
        return "".join(_message("event", document) for document in documents)

    def _next_reading(self) -> str:
        reading = reading_of(self.loop.state.view)
        shown = reading["text"], reading["digits"], reading["fields"]
        if self._reading == shown:
            return ""
        self._reading = shown
        return _message("reading", reading)


def _message(name: str, document: object) -> str:
    """A server-sent event."""
    return f"event: {name}\ndata: {to_json(document)}\n\n"


class Metrics(LoopHandler):
    """`GET /metrics`, in the text format of Prometheus."""

    async def _answer(self) -> None:
        text = "".join(_families(self.loop.state, self.loop.controls, self.loop.meter))
        self.send("text/plain; version=0.0.4; charset=utf-8", text)


def _families(state: LoopState, controls: Controls, meter: Meter) -> Iterator[str]:
    stats, view = meter.stats, state.view
    model, runtime = (view.reading.model, view.reading.runtime) if view else ("", "")
    yield _family("info", "gauge", "What runs.", {_labels(version=__version__, model=model, runtime=runtime): 1})
    yield _family("frames_total", "counter", "Frames read.", stats.frames)
    yield _family("frames_dropped_total", "counter", "Frames that newer ones replaced unread.", stats.dropped)
    yield _family("frames_damaged_total", "counter", "Damaged frames that were skipped.", stats.damaged)
    events = {_labels(event=kind): count for kind, count in state.counts.items()}
    yield _family("events_total", "counter", "Changes of digits.", events)
    rates = {"capture": stats.capture_fps, "reading": stats.reading_fps, "display": stats.display_fps}
    by_stage = {_labels(stage=stage): rate for stage, rate in rates.items()}
    yield _family("frames_per_second", "gauge", "Rate of late.", by_stage)
    yield _seconds("read_seconds", "To read a frame.", stats.read_ms, stats.read_p99_ms)
    yield _seconds("latency_seconds", "From capture to event.", stats.latency_ms, stats.latency_p99_ms)
    yield _family("viewers", "gauge", "Who watches the live picture.", state.clients["pictures"])
    yield _family("digits", "gauge", "Digits that are there now.", len(view.digits) if view else 0)
    yield _family("away", "gauge", "1 while the camera is lost.", int(bool(view and view.outage)))
    yield _family("alive", "gauge", "1 while the loop gives signs of life.", int(state.alive))
    yield _family("paused", "gauge", "1 while the loop is paused.", int(controls.paused))
    yield _family("recording", "gauge", "1 while frames are recorded.", int(controls.recording))
    yield _family("min_confidence", "gauge", "Digits below are refused.", controls.min_confidence)
    yield _family("uptime_seconds", "gauge", "Since the loop began.", stats.seconds)
    if (memory := _memory_bytes()) is not None:
        yield _family("resident_memory_bytes", "gauge", "Memory of the process.", memory)


def _family(name: str, kind: str, help: str, values: float | Mapping[str, float]) -> str:
    """One metric: a value, or several that differ by their labels."""
    name = f"mnist_edge_{name}"
    series = values if isinstance(values, Mapping) else {"": values}
    lines = [f"{name}{labels} {value!r}\n" for labels, value in series.items()]
    return f"# HELP {name} {help}\n# TYPE {name} {kind}\n" + "".join(lines)


def _seconds(name: str, help: str, median_ms: float, p99_ms: float) -> str:
    values = {_labels(quantile="0.5"): median_ms / 1000, _labels(quantile="0.99"): p99_ms / 1000}
    return _family(name, "gauge", help, values)


def _labels(**labels: str) -> str:
    pairs = (f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}"


def _escaped(value: str) -> str:
    return printable(value).replace("\\", r"\\").replace('"', r"\"")


def _memory_bytes() -> int | None:
    """The process's resident memory; None on systems without procfs."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None
