"""`KeyboardInterrupt` waits for a safe point."""

import signal
import threading
from types import FrameType

import pytest

from mnist_edge.interrupts import interrupts_held


@pytest.fixture(autouse=True)
def _ctrl_c_is_pythons() -> None:
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_comes_at_the_next_safe_point_and_once() -> None:
    with interrupts_held() as safe_point:
        safe_point()
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            safe_point()
        safe_point()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_without_a_safe_point_comes_at_the_end() -> None:
    done = False
    with pytest.raises(KeyboardInterrupt), interrupts_held():
        signal.raise_signal(signal.SIGINT)
        done = True
    assert done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_in_the_block_is_what_is_told() -> None:
    with pytest.raises(ZeroDivisionError), interrupts_held():
        signal.raise_signal(signal.SIGINT)
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_programs_own_handler_is_called_at_once_and_what_python_does_not_handle_stays() -> None:
    received = []

    def handle(number: int, frame: FrameType | None) -> None:
        received.append(number)

    before = signal.signal(signal.SIGTERM, handle), signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupts_held() as safe_point:
            signal.raise_signal(signal.SIGTERM)
            assert received == [signal.SIGTERM]
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            safe_point()
        assert signal.getsignal(signal.SIGTERM) is handle
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGHUP, before[1])


def test_in_another_thread_nothing_is_held() -> None:
    seen = []

    def work() -> None:
        with interrupts_held() as safe_point:
            seen.append(signal.getsignal(signal.SIGINT))
            safe_point()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
