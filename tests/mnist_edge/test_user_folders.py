"""The user's folders, where the user has a home and where not."""

import os
from pathlib import Path

import pytest

from mnist_edge.camera.config import FIELDS, load_settings, located
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.systemd_unit import find_service
from mnist_edge.camera.web.access import stored_token
from mnist_edge.doctor.training import check_data
from mnist_edge.download import cache_folder
from mnist_edge.errors import DownloadError, UsageError
from mnist_edge.user_folders import user_folder


def test_the_users_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_folder("XDG_CONFIG_HOME", ".config") == tmp_path / ".config"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert user_folder("XDG_CONFIG_HOME", ".config") == tmp_path / ".config"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    assert user_folder("XDG_CONFIG_HOME", ".config") == tmp_path / "settings"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", "relative")
    assert user_folder("XDG_CONFIG_HOME", ".config") is None


def test_who_has_no_home_has_no_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pwd = pytest.importorskip("pwd")

    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    trap = tmp_path / "~" / ".config" / "mnist-edge" / "camera.toml"
    trap.parent.mkdir(parents=True)
    trap.write_text('source = "trap"')
    assert load_settings(None, {}).settings == Settings()
    with pytest.raises(UsageError, match="there is no such home folder"):
        located(FIELDS["snapshots"], "~/shots", Path())
    with pytest.raises(UsageError, match="--system"):
        find_service("camera", system=False)
    with pytest.raises(DownloadError, match="--data"):
        cache_folder()
    with pytest.raises(UsageError, match="--token"):
        stored_token()
    assert check_data().status.name == "MISSING" or os.environ.get("MNIST_EDGE_DATA")
