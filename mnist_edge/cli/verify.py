"""`mnist-edge verify`."""


def command() -> None:
    """Not there yet."""
