"""`mnist-edge doctor`."""


def command() -> None:
    """Not there yet."""
