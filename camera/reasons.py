"""Why something failed, in one line."""


def reason(error: Exception) -> str:
    """What the operating system, OpenCV or we say of an error; of a file's, with its name."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split()) or type(error).__name__
