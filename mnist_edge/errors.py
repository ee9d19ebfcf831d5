"""The errors that a user can mend, and the exit code that each one ends a command with.

Messages say what is wrong, with the value, then what to do. The library raises; only the command line prints.
"""


class MnistEdgeError(Exception):
    """Anything a user can mend; the command line prints it as one line and exits with `exit_code`."""

    exit_code = 1


class UsageError(MnistEdgeError):
    """Arguments that do not fit together."""

    exit_code = 2


class CheckFailed(MnistEdgeError):
    """A check that did not hold, such as parity or an accuracy floor; the message lists every reason."""

    exit_code = 3


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
