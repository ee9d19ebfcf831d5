"""`mnist-edge camera`."""


def command() -> None:
    """Not there yet."""
