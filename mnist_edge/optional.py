"""The one door through which optional packages come in."""

from importlib import import_module
from typing import Any

from mnist_edge.errors import PackageMissing


def require(package: str, extra: str) -> Any:
    """Import an optional package, or say how to install it.

    Args:
        package: Import name, such as `tensorflow` or `cv2`.
        extra: The extra of mnist-edge that installs it.

    Raises:
        PackageMissing: It is not installed.
        ImportError: It is installed but broken; that is shown as it is.
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        if error.name and error.name != package.split(".")[0]:
            raise
        raise PackageMissing(
            f"{package.split('.')[0]} is not installed; install it with: pip install 'mnist-edge[{extra}]'"
        ) from None
