"""`mnist-edge benchmark`."""


def command() -> None:
    """Not there yet."""
