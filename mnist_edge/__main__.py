"""Entry point of `mnist-edge` and `python -m mnist_edge`; small, so that Ctrl-C is handled before any large import."""

import signal


def main() -> None:
    """Run the command line. Until a command runs, and after it, Ctrl-C ends the process at once and in silence."""
    # Python's own handler would print a traceback from the middle of an import. An ignored Ctrl-C stays ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from mnist_edge.cli import main as run

    run()


if __name__ == "__main__":
    main()
