"""SHA-256 without OpenSSL is SHA-256, and reading a picture loads no OpenSSL."""

import hashlib
import subprocess
import sys

import pytest

from mnist_edge import sha256


@pytest.mark.parametrize("content", [b"", b"a", bytes(range(256)) * 999])
def test_it_is_sha256(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = hashlib.sha256(content).hexdigest()
    assert sha256.sha256(content) == expected
    # As where Python has no implementation of its own.
    for module in ("_sha2", "_sha256"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(sha256, "_sha256", sha256._implementation())
    assert sha256._sha256 is hashlib.sha256 and sha256.sha256(content) == expected


def test_a_classifier_loads_no_openssl() -> None:
    code = "import sys; from mnist_edge import Classifier; Classifier(); print('_hashlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "False\n", done.stderr
