"""A worker for what would hold the server up, one thing after the other, whose results can be awaited."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from mnist_edge.camera.worker import Worker

# More than the server ever asks for at a time: pictures that are sent, and the live one.
LIMIT = 16

Result = TypeVar("Result")
Task = tuple[Callable[[], Any], "Future[Any]"]


class TaskWorker(Worker[Task]):
    """Runs what it is given, in order."""

    def __init__(self, what: str) -> None:
        """Prepare; `what` is the thread's name."""
        # Whoever waits for a result hears of it there.
        super().__init__(what, _run, limit=LIMIT, silent=True)

    async def do(self, task: Callable[[], Result]) -> Result:
        """Wait until the thread has run `task`; its result, or what it raised.

        Nothing is run any more once the server is ending: whoever waits is cancelled with its event loop.
        """
        future: Future[Result] = Future()
        self.put((task, future))
        return await asyncio.wrap_future(future)


def _run(job: Task) -> None:
    task, future = job
    # Whoever asked may be gone by now.
    if future.set_running_or_notify_cancel():
        try:
            future.set_result(task())
        except Exception as error:
            future.set_exception(error)
