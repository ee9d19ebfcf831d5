"""`mnist-edge quickstart`."""


def command() -> None:
    """Not there yet."""
