"""A thread for what would hold the server up, one thing after the other."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class Worker:
    """Runs what it is given, in order; a daemon, so that nothing stuck in it keeps the program from ending."""

    def __init__(self, name: str) -> None:
        """Start the thread."""
        self._tasks: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def do(self, task: Callable[[], Result]) -> Result:
        """Wait until the thread has run `task`; its result, or what it raised."""
        future: Future[Result] = Future()
        self._tasks.put((task, future))
        return await asyncio.wrap_future(future)

    def end(self, timeout_seconds: float) -> None:
        """End the thread, unless it is stuck for so long."""
        self._tasks.put(None)
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while (job := self._tasks.get()) is not None:
            task, future = job
            # Whoever asked may be gone by now.
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(task())
                except Exception as error:
                    future.set_exception(error)
            # Pictures are large: none is kept until the next one comes.
            del job, task, future
