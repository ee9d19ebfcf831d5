"""`mnist-edge export`."""


def command() -> None:
    """Not there yet."""
