"""`mnist-edge read`."""


def command() -> None:
    """Not there yet."""
