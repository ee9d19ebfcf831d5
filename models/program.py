"""A network that a user's own Python file makes."""

import hashlib
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

from mnist_edge.errors import UsageError
from mnist_edge.safe_text import quoted
from mnist_edge.untrusted import MAX_REASON

FUNCTION = "network"


@dataclass(frozen=True, slots=True)
class Program:
    """A function that makes a Keras model.

    Attributes:
        path: The Python file, absolute.
        function: Its name; it takes the number of classes.
        sha256: Of the file, so that a training is resumed with the network that it was started with.
    """

    path: str
    function: str
    sha256: str

    @classmethod
    def at(cls, network: str, folder: Path) -> "Program":
        """Find `FILE.py` or `FILE.py:FUNCTION`, in a folder where it is relative.

        Raises:
            UsageError: There is no such file.
        """
        file, _, function = network.partition(":")
        path = folder / file
        if not path.is_file():
            raise UsageError(f"there is no file {path}; give a recipe, or a file of one")
        return cls(os.path.realpath(path), function or FUNCTION, hashlib.sha256(path.read_bytes()).hexdigest())

    def make(self, classes: int) -> Any:
        """Run the file and call the function; returns what it returned.

        Raises:
            UsageError: The file was changed since, it cannot be run, or it has no such function.
        """
        path = Path(self.path)
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != self.sha256:
            raise UsageError(f"{path} is not what it was when the training was started; start anew with --force")
        # As Python does with a program that is started.
        sys.path.insert(0, str(path.parent))
        try:
            spec = importlib.util.spec_from_file_location(path.stem, path)
            assert spec and spec.loader
            module = importlib.util.module_from_spec(spec)
            # So that Keras can find the classes that it defines.
            sys.modules[path.stem] = module
            spec.loader.exec_module(module)
            function = getattr(module, self.function, None)
            if not callable(function):
                raise UsageError(f"{path} has no function {quoted(self.function)}; name it as {path.name}:FUNCTION")
            return function(classes)
        except UsageError:
            raise
        # A user's program may raise anything.
        except Exception as error:
            reason = shorten(f"{type(error).__name__}: {error}", MAX_REASON)
            raise UsageError(f"{path}: {quoted(self.function)} makes no network ({reason})") from error
        finally:
            sys.path.remove(str(path.parent))
