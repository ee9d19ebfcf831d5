"""Hold `KeyboardInterrupt` back while a native library works that calls Python from C++, such as TensorFlow."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


# For a loop of `train_on_batch` as for `model.fit`: call `safe_point` after each batch, where nothing is half done. The
# safe point of a conversion is its end.
@contextmanager
def interrupts_held() -> Iterator[Callable[[], None]]:
    """Let `KeyboardInterrupt` come at safe points only while the block runs; yields the function to call there.

    Python calls a signal's handler between any two of its instructions, those that TensorFlow runs from C++ among them.
    An exception there crashes the process now and then. In the block the program's own handlers are called as ever, but
    the `KeyboardInterrupt` that one raises is kept: the next safe point raises it, or the end of the block.

    Only the main thread runs handlers; in any other the block changes nothing.
    """
    kept: KeyboardInterrupt | None = None

    def hold(number: int, frame: FrameType | None) -> None:
        nonlocal kept
        try:
            before[number](number, frame)
        except KeyboardInterrupt as interrupt:
            kept = interrupt

    def safe_point() -> None:
        nonlocal kept
        if kept:
            interrupt, kept = kept, None
            raise interrupt

    wanted = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    here = threading.current_thread() is threading.main_thread()
    before = {number: handler for number in wanted if here and callable(handler := signal.getsignal(number))}
    try:
        for number in before:
            signal.signal(number, hold)
        yield safe_point
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    safe_point()
