"""SHA-256 of a model's file, without OpenSSL: to load that takes longer than to hash all models that ship.

Python's own implementation, as its `random` imports it; where there is none, `hashlib` decides.
"""

from importlib import import_module
from typing import Any


def _implementation() -> Any:
    # Of Python 3.12 and later, and before.
    for module in ("_sha2", "_sha256"):
        try:
            return import_module(module).sha256
        except (ImportError, AttributeError):
            continue
    from hashlib import sha256

    return sha256


_sha256 = _implementation()


def sha256(content: bytes) -> str:
    """Return the digest, 64 hexadecimal digits."""
    return str(_sha256(content).hexdigest())
