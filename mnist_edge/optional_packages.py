"""Import optional packages, or say how to install them."""

import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from mnist_edge.errors import PackageBroken, PackageMissing

# What each extra of pyproject.toml installs. After an installation from a clone or a wheel, pip cannot install
# `mnist-edge[web]`: pip would look for mnist-edge in an index.
EXTRAS = {
    "train": "tensorflow keras scikit-learn matplotlib fonttools",
    "camera": "opencv-python",
    "headless": "opencv-python-headless",
    "tflite-runtime": "tflite-runtime==2.14.0 'numpy<2'",
    "mqtt": "paho-mqtt",
    "web": "tornado",
    "record": "av",
    "parquet": "pyarrow",
    "pdf": "pypdfium2",
    "storage": "fsspec",
    "cluster": "'dask[distributed]'",
    "peers": "onnx onnxruntime tf2onnx ncnn",
}


def require(package: str, extra: str) -> Any:
    """Import an optional package.

    Args:
        package: Import name, such as `tensorflow` or `cv2`.
        extra: The extra of mnist-edge that installs it, a key of `EXTRAS`; or, where none does, what pip calls it.

    Raises:
        PackageMissing: It is not installed; says how to install it.
        PackageBroken: It is installed, but cannot be imported; the cause holds the reason.
    """
    name = package.split(".")[0]
    try:
        return import_module(package)
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name in (None, name):
            raise PackageMissing(f"{name} is not installed; install it with: {pip_install(extra)}") from None
        raise PackageBroken(
            f"{name} is installed, but cannot be imported ({error}); `mnist-edge doctor` says what to do"
        ) from error


def installed_version(distribution: str) -> str | None:
    """Look up the version of an installed distribution, by its name on PyPI; None where it is not installed."""
    # It takes a tenth as long to import as OpenCV does, and reading a picture asks for no version.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def pip_install(extra: str) -> str:
    """Write the command that installs the packages of an extra, as in `require`, where this Python finds them."""
    pip = shutil.which("pip")
    # In an environment that is not activated, `pip` is another Python's, or refuses.
    ours = pip is not None and Path(pip).parent == Path(sys.executable).parent
    return f"{'pip' if ours else f'{sys.executable} -m pip'} install {EXTRAS.get(extra, extra)}"
