"""A panic wins over everything: a node at work, a passphrase being changed, its own death."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onionchat.crypto import vault
from onionchat.crypto.vault import Cost
from onionchat.errors import DamagedError, NotFoundError, RefusedError
from onionchat.node.profile import create_profile
from onionchat.paths import Paths, locate
from onionchat.store import keyslot, panic
from onionchat.store.panic import Gone
from tests.child import Child
from tests.crash import strace
from tests.crash.points import CHANGES

PASSPHRASE = b"correct horse"
WORK = """
import sys; from onionchat.paths import locate; from onionchat.store.panic import panic
paths = locate(sys.argv[1], "p", {}); print("marker", flush=True); sys.stdin.read(1); panic(paths)
"""
BUSY = """
import sys; from onionchat.paths import locate; from onionchat.store.lock import Lock
from onionchat.store import keyslot
paths = locate(sys.argv[1], "p", {}); slots = keyslot.read(paths.keyslot)
with Lock.acquire(paths.lock):
    print("marker", flush=True)
    while True: keyslot.write(paths.keyslot, slots)
"""


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile as a killed node leaves it, and a keyslot that was not finished."""
    paths = locate(tmp_path_factory.mktemp("m"), "p", {})
    create_profile(paths, PASSPHRASE, Cost.FLOOR)
    paths.generation.write_bytes(b"1")
    (paths.tor_data / "state").write_text("Guard in EntryGuards")
    (paths.root / "torrc").write_text("Bridge")
    for aside in paths.database_aside:
        aside.write_bytes(b"wal")
    shutil.copy(paths.keyslot, paths.keyslot.with_name("keyslot.new"))
    return paths.root.parent


@pytest.fixture
def paths(pattern: Path, tmp_path: Path) -> Paths:
    shutil.copytree(pattern, tmp_path / "d", symlinks=True)
    return locate(tmp_path / "d", "p", {})


def child(source: str, paths: Paths) -> Child[str]:
    process = Child(
        [sys.executable, "-c", source, str(paths.root.parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "marker\n"
    return process


def everything(paths: Paths) -> dict[Path, bytes]:
    files = (path for path in paths.root.rglob("*") if path.is_file() and path != paths.lock)
    return {path: path.read_bytes() for path in files}


def opens(paths: Paths) -> bool:
    try:
        vault.unlock(keyslot.read(paths.keyslot), PASSPHRASE)
    except (NotFoundError, DamagedError):
        return False
    return True


def test_nothing_is_left(paths: Paths) -> None:
    assert panic.remains(paths)
    assert panic.panic(paths) == Gone(True, [])
    assert not panic.remains(paths)
    assert not paths.root.exists()


def test_its_bytes_are_overwritten_before_its_name_goes(paths: Paths) -> None:
    """As somebody sees who has the file open, or its block."""
    names = (paths.keyslot, paths.keyslot.with_name("keyslot.new"))
    slots = paths.keyslot.read_bytes()
    descriptors = [os.open(name, os.O_RDONLY) for name in names]
    panic.panic(paths)
    for descriptor in descriptors:
        left = os.pread(descriptor, 1 << 16, 0)
        assert len(left) == len(slots)
        assert not any(slots[at : at + 16] in left for at in range(0, len(slots), 16))
        os.close(descriptor)


def kill_points(pattern: Path, directory: Path) -> Iterator[tuple[str, int]]:
    shutil.copytree(pattern, directory / "d", symlinks=True)
    process = child(WORK, locate(directory / "d", "p", {}))
    with process, strace.record(process.pid, CHANGES, directory / "calls"):
        process.communicate("g")
    yield from ((call, nth) for call, nth, _ in strace.calls(directory / "calls"))


@strace.needed
def test_killed_anywhere_it_leaves_a_whole_profile_or_none(pattern: Path, tmp_path: Path) -> None:
    outcomes = set()
    for number, (call, nth) in enumerate([*kill_points(pattern, tmp_path)]):
        shutil.copytree(pattern, tmp_path / str(number), symlinks=True)
        paths = locate(tmp_path / str(number), "p", {})
        before = everything(paths)
        with child(WORK, paths) as process, strace.kill_at(process.pid, call, nth):
            process.communicate("g")
        assert process.returncode == -signal.SIGKILL, (call, nth)
        whole = opens(paths)
        assert everything(paths) == before if whole else True, (call, nth)
        outcomes.add(whole)
        panic.panic(paths)
        assert not paths.root.exists(), (call, nth)
    assert outcomes == {True, False}


def test_who_is_writing_a_keyslot_is_killed(paths: Paths) -> None:
    with child(BUSY, paths) as process:
        assert panic.panic(paths).overwritten
        assert process.wait() == -signal.SIGKILL
    assert not paths.root.exists()


def test_what_the_dying_node_wrote_last_goes_as_well(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal is sent at once, but a system call that has begun is finished."""
    slots, removed = paths.keyslot.read_bytes(), panic._remove

    def last_call(*_: object) -> None:
        keyslot.write(paths.keyslot, slots)

    def after_it(paths: Paths) -> None:
        assert not opens(paths)
        removed(paths)

    monkeypatch.setattr(panic, "wait_free", last_call)
    monkeypatch.setattr(panic, "_remove", after_it)
    assert panic.panic(paths) == Gone(True, [])


def test_what_cannot_be_overwritten_is_removed_and_that_is_said(paths: Paths) -> None:
    paths.keyslot.unlink()
    paths.keyslot.symlink_to(paths.root)  # opening it fails for root, too
    assert panic.panic(paths) == Gone(False, [])


def test_what_can_be_neither_is_said_loudly(paths: Paths) -> None:
    paths.keyslot.unlink()
    paths.keyslot.mkdir()
    with pytest.raises(RefusedError, match="still opens"):
        panic.panic(paths)
    assert paths.database.exists()


def test_what_is_not_ours_stays(paths: Paths) -> None:
    (paths.root / "notes").write_text("mine")
    assert panic.panic(paths) == Gone(True, [paths.root])
    assert [path.name for path in paths.root.iterdir()] == ["notes"]
