"""The errors that a user can mend.

Messages say what is wrong, with the value, then what to do. The library raises; only the command line prints.
"""


class MnistEdgeError(Exception):
    """The base class of all errors that a user can mend; the command line prints each as one line.

    Examples:
        >>> try:
        ...     read("no such file.jpg")
        ... except MnistEdgeError as error:
        ...     print(error)
        no such file.jpg cannot be read: No such file or directory
    """


class UsageError(MnistEdgeError, ValueError):
    """An argument of the wrong type, shape or range, or arguments that exclude each other."""


class CheckFailed(MnistEdgeError):
    """A check that did not hold, such as parity or an accuracy floor; the message lists every reason."""


class DataError(MnistEdgeError):
    """A data set that is missing, damaged or not what it says it is."""


class DownloadError(DataError):
    """No mirror delivered the data set."""


class ModelError(MnistEdgeError):
    """A model that cannot be loaded, converted or run."""


class RuntimeMissing(MnistEdgeError):
    """No installed runtime can run a TFLite model."""


class PackageMissing(MnistEdgeError):
    """An optional package that is not installed."""


class PackageBroken(MnistEdgeError):
    """An optional package that is installed and cannot be imported, for want of a library, say."""


class ImageError(MnistEdgeError):
    """A picture that cannot be read."""


class SourceError(MnistEdgeError):
    """A camera, video or stream that cannot be opened or stopped delivering."""


class OutputError(MnistEdgeError):
    """A result that cannot be written, or would overwrite another."""


class ModelWarning(UserWarning):
    """Something that was added to a model to make sense of it; the command line prints it as a note."""


def described(value: object) -> str:
    """What a message calls a wrong argument: `int64 of shape (3, 3)`, or `list` where it is no array."""
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{value.dtype} of shape {value.shape}"
    return type(value).__name__
