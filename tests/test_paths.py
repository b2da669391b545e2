"""Where things are, by the command line's contract; nothing is touched before it is needed."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from onionchat.errors import UsageError
from onionchat.paths import Paths, locate, profiles

XDG = {"XDG_DATA_HOME": "/data", "XDG_RUNTIME_DIR": "/run/user/1"}


def test_without_options_the_xdg_directories_are_used() -> None:
    paths = locate(None, "default", XDG)
    assert paths.root == Path("/data/onionchat/default")
    assert paths.run == Path("/run/user/1/onionchat/default")
    assert paths.keyslot == Path("/data/onionchat/default/keyslot")
    assert paths.database == Path("/data/onionchat/default/store.db")
    assert paths.rpc_socket == Path("/run/user/1/onionchat/default/rpc.sock")


@pytest.mark.parametrize("value", [None, "", "relative/share"])
def test_a_missing_or_relative_data_home_is_the_default(value: str | None) -> None:
    environ = {} if value is None else {"XDG_DATA_HOME": value}
    root = Path.home() / ".local/share/onionchat/default"
    assert locate(None, "default", environ).root == root


@pytest.mark.parametrize("value", [None, "", "run"])
def test_without_a_runtime_directory_the_sockets_are_with_the_data(value: str | None) -> None:
    environ = {"XDG_DATA_HOME": "/data"} | ({"XDG_RUNTIME_DIR": value} if value else {})
    assert locate(None, "work", environ).run == Path("/data/onionchat/work/run")


def test_with_a_data_directory_everything_is_in_it() -> None:
    paths = locate("/elsewhere", "work", XDG)
    assert (paths.root, paths.run) == (Path("/elsewhere/work"), Path("/elsewhere/work/run"))


def test_paths_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert locate("here", "work", {}).root == tmp_path / "here" / "work"


@pytest.mark.parametrize("name", ["default", "work", "a", "A-b_9", "9", "_x", "x" * 64])
def test_plain_names_can_be_profiles(name: str) -> None:
    assert locate("/d", name, {}).profile == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a/b",
        "/",
        "a b",
        "a\n",
        "-a",
        "--",
        "-",
        ".a",
        "ä",
        "١",
        "a\0",
        "x" * 65,
        "~",
    ],
)
def test_other_names_cannot(name: str) -> None:
    with pytest.raises(UsageError):
        locate("/d", name, {})


def test_a_path_too_long_for_a_socket_is_said_with_the_limit() -> None:
    """`identity.sock` has the longest name below `/x/p/run/`."""
    overhead = len("/p/run/identity.sock")
    fits = locate("/" + "x" * (107 - overhead - 1), "p", {})
    assert len(bytes(fits.onion_socket("identity"))) == 107
    with pytest.raises(UsageError, match="107"):
        locate("/" + "x" * (107 - overhead), "p", {})


def test_the_limit_is_in_bytes_not_characters() -> None:
    with pytest.raises(UsageError, match="107"):
        locate("/" + "ä" * 50, "p", {})


def test_every_socket_counts() -> None:
    paths = locate("/d", "p", {})
    sockets = (paths.rpc_socket, paths.onion_socket("identity"), paths.tor_control, paths.tor_socks)
    assert all(paths.run in socket.parents for socket in sockets)
    assert max(sockets, key=lambda path: len(str(path))) == paths.onion_socket("identity")


def made(tmp_path: Path) -> Paths:
    paths = locate(tmp_path / "data", "work", {})
    before = os.umask(0)
    try:
        paths.make()
        paths.make()
        assert os.umask(0) == 0
    finally:
        os.umask(before)
    return paths


def test_directories_are_ours_alone_whatever_the_umask(tmp_path: Path) -> None:
    paths = made(tmp_path)
    for directory in (tmp_path / "data", paths.root, paths.run, paths.tor_data, paths.tor_run):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_profile_exists_with_its_keyslot(tmp_path: Path) -> None:
    paths = made(tmp_path)
    assert not paths.exists()
    assert profiles(tmp_path / "data", {}) == []
    paths.keyslot.touch()
    assert paths.exists()
    (tmp_path / "data" / "not a name").mkdir()
    (tmp_path / "data" / "not a name" / "keyslot").touch()
    (tmp_path / "data" / "empty").mkdir()
    assert profiles(tmp_path / "data", {}) == ["work"]
    assert profiles(tmp_path / "nowhere", {}) == []


def test_locating_touches_nothing(tmp_path: Path) -> None:
    locate(tmp_path / "data", "work", {})
    assert list(tmp_path.iterdir()) == []


def test_what_the_command_line_imports_is_light() -> None:
    """Start-up time: paths and lock need nothing that takes time to load."""
    code = (
        "import sys, onionchat.paths, onionchat.store.lock; "
        "print(*sorted({'asyncio', 'peewee', 'sqlcipher3', 'cryptography', 'click'} "
        "& set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
