"""The server itself: addresses and limits, in the event loop of its own thread."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.web import answers, downloads, live, posts
from mnist_edge.camera.web.access import Access
from mnist_edge.camera.web.connections import Connections, Server, room
from mnist_edge.camera.web.feed import Feed
from mnist_edge.camera.web.gallery import Gallery
from mnist_edge.camera.web.handler import MAX_WASTED_BYTES, Handler, Site
from mnist_edge.camera.web.pictures import Pictures
from mnist_edge.camera.web.tornado import web
from mnist_edge.camera.web.worker import TaskWorker
from mnist_edge.camera.worker import END_SECONDS
from mnist_edge.reading import Reading

# Who has opened a connection and asks for nothing is soon gone.
MAX_HEADER_BYTES = 16_384
IDLE_SECONDS = 10.0
# The longest that a body may take, however steadily it comes.
BODY_SECONDS = 60.0

ADDRESSES = {
    "/": answers.Page,
    "/api/status": answers.Status,
    "/api/reading": answers.CurrentReading,
    "/api/events": live.Events,
    "/api/controls": posts.SetControls,
    "/api/read": posts.Read,
    "/api/gallery": downloads.Listing,
    "/files/[^/]+/[^/]+": downloads.File,
    "/thumbnails/[^/]+/[^/]+": downloads.Thumbnail,
    "/stream.mjpg": live.Stream,
    "/snapshot.jpg": answers.Snapshot,
    "/healthz": answers.Health,
    "/metrics": answers.Metrics,
}


@contextmanager
def start(
    listening: socket.socket,
    access: Access,
    controls: Controls,
    meter: Meter,
    read: Callable[[NDArray[np.uint8]], Reading],
    gallery: Gallery,
) -> Iterator[tuple[Feed, Callable[[float], None]]]:
    """Serve in a thread until the block is left.

    Args:
        listening: Where requests come in; closed at the end.
        access: What they must show.
        controls: What they may change.
        meter: What they are told of the loop's speed.
        read: Reads a picture that they send; called in a thread of its own.
        gallery: The files that they may look at.

    Yields:
        Where to put what they are told; and what begins to end all this, without waiting: leaving the block waits until
        the given moment, by `time.monotonic`, at most.
    """
    pictures, readings = TaskWorker("web view's pictures"), TaskWorker("web view's readings")
    started: Future[tuple[Feed, Callable[[], object]]] = Future()

    async def serve() -> None:
        loop, feed, ended = asyncio.get_running_loop(), Feed(), asyncio.Event()
        live_pictures, port = Pictures(feed, pictures, meter), listening.getsockname()[1]
        site = Site(feed, live_pictures, controls, meter, access, read, readings, port, gallery, Connections(room()))
        server = _server(listening, site)
        started.set_result((feed, lambda: loop.call_soon_threadsafe(ended.set)))
        await ended.wait()
        server.stop()
        await server.close_all_connections()
        deadline = loop.time() + END_SECONDS / 2
        while any(feed.clients.values()) and loop.time() < deadline:
            await asyncio.sleep(0.01)
        # Who waits for a reading is cancelled, which Tornado does not expect.
        loop.set_exception_handler(lambda loop, context: None)

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            if started.done():
                raise
            # Who waits for it to start must hear of it.
            started.set_exception(error)

    thread = threading.Thread(target=run, name="web view", daemon=True)
    with pictures, readings:
        thread.start()
        feed, stop = started.result()
        deadline = float("inf")

        def end(until: float) -> None:
            nonlocal deadline
            deadline = min(deadline, until)
            # It may have ended already, by a bug of its own.
            with suppress(RuntimeError):
                stop()

        try:
            yield feed, end
        finally:
            end(time.monotonic() + END_SECONDS)
            thread.join(max(deadline - time.monotonic(), 0))
            # Not before: whoever is still served would be told of a bug.
            for worker in (pictures, readings):
                worker.end(deadline)


def _server(listening: socket.socket, site: Site) -> Server:
    shared = {"site": site}
    application = web.Application(
        [(address, handler, shared) for address, handler in ADDRESSES.items()],
        default_handler_class=Handler,
        default_handler_args=shared,
        log_function=lambda handler: None,
    )
    server = Server(
        application,
        # The handlers have limits of their own, and say so.
        max_body_size=MAX_WASTED_BYTES,
        max_header_size=MAX_HEADER_BYTES,
        idle_connection_timeout=IDLE_SECONDS,
        body_timeout=BODY_SECONDS,
    )
    server.accept_from(listening, site.connections)
    return server
