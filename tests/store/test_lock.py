"""Processes die in every way; the lock must know."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from onionchat.errors import RefusedError
from onionchat.store.lock import Lock, holder, wait_free
from tests.child import Child

HOLD = """
import sys; from pathlib import Path; from onionchat.store.lock import Lock
with Lock.acquire(Path(sys.argv[1])): print("held", flush=True); sys.stdin.read()
"""
KEEP = """
import sys; from onionchat.store.lock import Lock
with Lock.adopt(int(sys.argv[1])): print("held", flush=True); sys.stdin.read()
"""


def child(source: str, *arguments: str, pass_fds: tuple[int, ...] = ()) -> Child[bytes]:
    process: Child[bytes] = Child(
        [sys.executable, "-c", source, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=pass_fds,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_second_holder_is_refused_and_the_first_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text("99999999999\n")  # of an earlier holder
    with Lock.acquire(path):
        assert holder(path) == os.getpid()
        assert not wait_free(path, 0.01)
        with pytest.raises(RefusedError, match="running"):
            Lock.acquire(path)
    assert holder(path) is None
    assert wait_free(path, 10)
    Lock.acquire(path).close()


def test_a_watcher_is_never_in_the_way(tmp_path: Path) -> None:
    """Somebody who waits, or asks all the time, must not make a node fail to start."""
    path = tmp_path / "lock"
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            holder(path)
            wait_free(path, 0)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(200):
            Lock.acquire(path).close()
    finally:
        stop.set()
        asking.join()


def test_nobody_holds_what_is_not_there(tmp_path: Path) -> None:
    assert holder(tmp_path / "lock") is None
    assert wait_free(tmp_path / "lock", 0)


def test_only_we_can_read_it(tmp_path: Path) -> None:
    with Lock.acquire(tmp_path / "lock"):
        assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600


def test_the_lock_goes_with_a_process_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with child(HOLD, str(path)) as process:
        assert holder(path) == process.pid
        process.send_signal(signal.SIGKILL)
        assert wait_free(path, 10)
    assert path.read_text() == f"{process.pid}\n"  # a number of the dead proves nothing
    assert holder(path) is None


def test_a_child_that_inherited_it_keeps_it_when_the_parent_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = Lock.acquire(path)
    with child(KEEP, str(lock.descriptor), pass_fds=(lock.descriptor,)) as process:
        lock.close()
        assert holder(path) is not None
        process.communicate()
        assert holder(path) is None


def test_the_parent_keeps_it_when_the_child_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with Lock.acquire(path) as lock:
        with child(KEEP, str(lock.descriptor), pass_fds=(lock.descriptor,)) as process:
            process.communicate()
        assert holder(path) == os.getpid()


def test_who_adopted_it_hands_it_to_nobody(tmp_path: Path) -> None:
    with Lock.acquire(tmp_path / "lock") as lock:
        inherited = os.dup(lock.descriptor)
        os.set_inheritable(inherited, True)
        with Lock.adopt(inherited) as adopted:
            assert not os.get_inheritable(adopted.descriptor)


def test_a_lock_without_its_number_yet_is_nobody_to_signal(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with Lock.acquire(path) as lock:
        os.ftruncate(lock.descriptor, 0)
        assert holder(path) is None
