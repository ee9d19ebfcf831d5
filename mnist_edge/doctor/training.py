"""Check the packages and data for training and measuring accuracy. Reading needs neither."""

import os
from pathlib import Path

from mnist_edge.dataset import load
from mnist_edge.doctor.check import Check, Status
from mnist_edge.download import cache_folder
from mnist_edge.errors import DataError
from mnist_edge.optional_packages import installed_version, pip_install

PACKAGES = ("tensorflow", "keras", "scikit-learn", "matplotlib")


def check_packages() -> Check:
    """Check whether the packages of the `train` extra are installed, without importing them."""
    versions = {name: installed_version(name) for name in PACKAGES}
    there = [f"{name} {found}" for name, found in versions.items() if found]
    missing = [name for name, found in versions.items() if not found]
    if missing:
        found = f"{', '.join(there) or 'nothing'}; not installed: {', '.join(missing)}"
        return Check("training", Status.MISSING, found, f"only to train and export: {pip_install('train')}")
    return Check("training", Status.OK, ", ".join(there))


def check_data() -> Check:
    """Check whether MNIST is here and whole; nothing is downloaded."""
    named = os.environ.get("MNIST_EDGE_DATA")
    try:
        folder = Path(named) if named else cache_folder()
    except DataError as error:
        return Check("data", Status.MISSING, str(error))
    if not named and not folder.exists():
        return Check("data", Status.MISSING, f"no MNIST in {folder}", "only to train and measure: mnist-edge data")
    try:
        dataset = load(folder)
    except (DataError, OSError) as error:
        advice = "correct or unset MNIST_EDGE_DATA" if named else "fetch it: mnist-edge data"
        return Check("data", Status.BROKEN, str(error), advice)
    return Check("data", Status.OK, f"{dataset.name} in {folder}", *dataset.notes[:1])
