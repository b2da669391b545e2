"""A profile in memory: no disk ever has it, and nobody opens it when its node has gone."""

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from onionchat.crypto.vault import Cost
from onionchat.errors import RefusedError
from onionchat.node import supervisor
from onionchat.node.options import UpOptions
from onionchat.node.profile import create_profile
from onionchat.node.start import Start
from onionchat.paths import Paths, locate
from onionchat.store import ephemeral, lock
from onionchat.store.lock import Lock, holder
from tests.child import Child
from tests.cli.machine import BOB, NOWHERE, Machine
from tests.cli.test_secrets import descendants

UP = ("--json", "--profile", "burner", "up", "--ephemeral", "--no-dial", *NOWHERE)


@pytest.fixture
def memory() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(dir="/dev/shm", prefix="onionchat-"))
    yield place
    shutil.rmtree(place)


@pytest.fixture
def burner(tmp_path: Path, memory: Path) -> Machine:
    """A machine without a profile; its home is on the disk."""
    (tmp_path / "home").mkdir()
    return Machine(tmp_path / "home", XDG_RUNTIME_DIR=str(memory), ONIONCHAT_PROFILE="burner")


@contextmanager
def living(machine: Machine) -> Iterator[Child[bytes]]:
    with machine.start(*UP) as up:
        try:
            while machine("status").code:
                assert up.poll() is None
            yield up
        finally:
            up.kill()


def files(place: Path) -> list[str]:
    return [str(path) for path in place.rglob("*")]


def test_nothing_of_it_is_on_the_disk_and_nothing_is_left(burner: Machine, memory: Path) -> None:
    with living(burner) as up:
        assert burner("contact", "add", "bob", BOB).code == 0
        assert burner("send", "bob", stdin="to nobody's knowledge").code == 0
        row = {"profile": "burner", "running": True, "ephemeral": True}
        assert json.loads(burner("--json", "profile", "list").out) == row
        assert burner.address()
        assert burner("down").out == "stopped\n"
        assert up.wait(10) == 0
    assert files(burner.home) == []
    assert files(memory) == []
    burner("status").refused(7, "no profile burner")


def test_a_node_that_crashes_comes_back_as_the_same(burner: Machine) -> None:
    with living(burner) as up:
        address = burner.address()
        *_, node = descendants(up.pid)
        os.kill(node, signal.SIGKILL)
        while burner("status").code:
            assert up.poll() is None
        assert burner.address() == address


def test_what_a_killed_one_leaves_is_no_profile(burner: Machine, memory: Path) -> None:
    paths = locate(None, "burner", burner.environ)
    with living(burner) as up:
        assert burner("contact", "add", "bob", BOB).code == 0
        address = burner.address()
        os.kill(up.pid, signal.SIGKILL)
        up.wait()
        while holder(paths.in_memory().lock) is not None:
            pass
    assert paths.in_memory().keyslot.exists()
    burner("status").refused(7, "lived in memory")
    burner("up").refused(7, "lived in memory", "--ephemeral")
    burner.unlocked("init").refused(7, "lived in memory", "panic")
    assert "gone, in memory only" in burner("profile", "list").out
    with living(burner):
        assert burner.address() != address
        assert burner("contact", "list").out == ""
        assert burner("down").code == 0
    assert files(memory) == []


def test_nobody_locks_it_or_changes_its_passphrase(burner: Machine) -> None:
    with living(burner):
        burner("lock").refused(8, "cannot be locked", "down")
        burner("passphrase", "change").refused(8, "nobody knows")
        burner("init").refused(8, "exists already")
        burner(*UP).refused(8, "is running")
        assert burner("status").code == 0
    burner(*UP, "--lock-after", "5m").refused(2, "cannot be locked")
    burner(*UP, "--wait-unlock").refused(2, "cannot be locked")
    burner.unlocked(*UP).refused(2, "--passphrase-fd")


def test_a_place_on_a_disk_is_refused(burner: Machine) -> None:
    if ephemeral.in_memory(burner.home):
        pytest.skip("the directory for tests is in memory here")
    home = str(burner.home)
    burner(*UP, environ={"XDG_RUNTIME_DIR": home}).refused(8, "on a disk", "in memory")
    burner(*UP, "--data-dir", home).refused(8, "on a disk", "in memory")
    assert files(burner.home) == []


def test_a_name_that_is_no_text_is_in_nobodys_way(
    memory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has mounted a disk there."""
    mounts = tmp_path / "mounts"
    mounts.write_bytes(b"1 1 0:0 / /\xff rw - ext4 disk rw\n" + ephemeral._MOUNTS.read_bytes())
    monkeypatch.setattr(ephemeral, "_MOUNTS", mounts)
    assert ephemeral.in_memory(memory)


def test_none_on_the_disk_is_made_or_runs_beside_one_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both would have the same sockets; `init` had looked before anybody typed."""
    monkeypatch.setattr(supervisor, "harden", lambda: None)  # not the tests' own process
    paths = Paths("default", tmp_path / "root", tmp_path / "run")
    create_profile(paths, b"correct horse", Cost.FLOOR)
    other = paths.in_memory()
    other.make()
    with Lock.acquire(other.lock):
        with pytest.raises(RefusedError, match="is running"):
            supervisor.supervise(
                Start.make(UpOptions(paths, tor_control="/c", tor_socks="/s")), print
            )
        paths.keyslot.unlink()
        with pytest.raises(RefusedError, match="is running"):
            create_profile(paths, b"correct horse", Cost.FLOOR)


def test_a_profile_of_that_name_on_the_disk_is_refused(tmp_path: Path) -> None:
    paths = Paths("default", tmp_path, tmp_path / "run")
    paths.make()
    paths.keyslot.touch()
    with pytest.raises(RefusedError, match="on the disk"):
        ephemeral.place(paths)


def test_who_opened_the_lock_of_one_that_is_just_going_does_not_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one would find no lock there, and two be at work in one place."""
    path = tmp_path / "lock"
    take = lock._take

    def take_when_it_has_gone(descriptor: int) -> None:
        path.unlink()
        take(descriptor)

    monkeypatch.setattr(lock, "_take", take_when_it_has_gone)
    with pytest.raises(RefusedError):
        Lock.acquire(path)


def test_the_lock_goes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one of that name would begin in what is still being removed."""
    paths = Paths("burner", tmp_path / "run" / "ephemeral", tmp_path / "run")
    unlink = os.unlink

    def unlink_and_look(*where: Any, **how: Any) -> None:
        unlink(*where, **how)
        assert paths.lock.exists() or not [path for path in files(tmp_path) if "left" in path]

    paths.make()
    with Lock.acquire(paths.lock), ephemeral.life(paths):
        for number in range(8):
            for directory in paths.directories:
                (directory / f"left{number}").touch()
        monkeypatch.setattr(os, "unlink", unlink_and_look)
    assert files(tmp_path) == []
