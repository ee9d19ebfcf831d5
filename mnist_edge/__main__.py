"""Entry point of `mnist-edge` and `python -m mnist_edge`; small, so that Ctrl-C is handled before any large import."""

import gc
import signal


def main() -> None:
    """Run the command line. Until a command runs, and after it, Ctrl-C ends the process at once and in silence."""
    # Python's own handler would print a traceback from the middle of an import. An ignored Ctrl-C stays ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # What is imported stays: to search it for garbage takes a thirtieth of a start. `mnist_edge.cli` turns it on again.
    gc.disable()
    from mnist_edge.cli import main as run
    from mnist_edge.cli.signals import end_at_once

    try:
        run()
    except SystemExit as ending:
        end_at_once(ending)
        raise


if __name__ == "__main__":
    main()
