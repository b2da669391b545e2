"""Where a node waits for its passphrase; tests/transcripts/unlock.txt has a real one."""

import os
import socket
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from onionchat.cli import locked, service_manager
from onionchat.cli.detach import Report
from onionchat.errors import LockedError, RefusedError, UnreachableError
from onionchat.own_socket import Peer

RIGHT = b"right \xff"


class Waiting:
    """`until_unlocked` in a thread; the node of the test runs until it is released."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.brought: list[bytes] = []
        self.reports: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self.ended: Future[None] = Future()
        self.release = threading.Event()
        self.failure: Exception | None = None
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()
        assert self.reports.get(timeout=10) == {"event": "locked"}

    def end(self) -> None:
        self.release.set()
        if locked.waits(self.path):
            locked.hand_over(self.path, RIGHT)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            locked.until_unlocked(self.path, self.keep, self.node, self.reports.put)
        except Exception as error:
            self.ended.set_exception(error)
        else:
            self.ended.set_result(None)

    def keep(self, passphrase: memoryview) -> None:
        self.brought.append(bytes(passphrase))

    def node(self, report: Report) -> None:
        if self.brought[-1] != RIGHT:
            raise LockedError("the passphrase is wrong", "try again")
        report({"event": "unlocked"})
        report({"event": "tor"})
        self.release.wait(10)
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    started = Waiting(tmp_path / "run" / "unlock.sock")
    started.start()
    yield started
    started.end()


def test_it_waits_until_the_passphrase_fits(waiting: Waiting) -> None:
    mode = waiting.path.stat().st_mode, waiting.path.parent.stat().st_mode
    assert [stat.S_IMODE(each) for each in mode] == [0o600, 0o700]
    with pytest.raises(LockedError, match="wrong") as caught:
        locked.hand_over(waiting.path, b"wrong")
    assert caught.value.hint == "try again"
    assert locked.waits(waiting.path)
    locked.hand_over(waiting.path, RIGHT)
    assert not locked.waits(waiting.path)
    assert not waiting.path.exists()
    assert [waiting.reports.get(timeout=10) for _ in range(2)] == [
        {"event": "unlocked"},
        {"event": "tor"},
    ]
    waiting.release.set()
    assert waiting.ended.result(10) is None
    assert waiting.brought == [b"wrong", RIGHT]


@pytest.mark.parametrize("sent", [b"", b"half a passphrase"])
def test_who_brings_no_passphrase_is_dropped(waiting: Waiting, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(os.fspath(waiting.path))
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""
    locked.hand_over(waiting.path, RIGHT)
    assert waiting.brought == [RIGHT]


def test_who_sends_nothing_does_not_stay_for_ever(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locked, "BRING", 0.01)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(os.fspath(waiting.path))
        assert sock.recv(1) == b""


def test_who_leaves_before_the_answer_has_unlocked_it_all_the_same(waiting: Waiting) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(os.fspath(waiting.path))
        sock.sendall(RIGHT + b"\n")
    assert waiting.reports.get(timeout=10) == {"event": "unlocked"}


def said_to_nobody(sock: socket.socket) -> None:
    """It is closed before this is sent, or at the latest before it is read."""
    sock.sendall(RIGHT + b"\n")
    sock.recv(1)


def test_another_user_is_not_listened_to(waiting: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched, socket.socket(socket.AF_UNIX) as sock:
        patched.setattr(locked, "peer", lambda _: Peer(1, os.geteuid() + 1))
        sock.connect(os.fspath(waiting.path))
        with pytest.raises(ConnectionError):
            said_to_nobody(sock)
    assert waiting.brought == []


def test_a_failure_after_it_was_unlocked_ends_it(waiting: Waiting) -> None:
    waiting.failure = UnreachableError("not published in time")
    locked.hand_over(waiting.path, RIGHT)
    waiting.release.set()
    with pytest.raises(UnreachableError, match="not published"):
        waiting.ended.result(10)


def test_a_node_that_dies_before_it_answers_has_gone(tmp_path: Path) -> None:
    """Before it has read the passphrase, which resets the connection."""
    path = tmp_path / "unlock.sock"
    with socket.create_server(os.fspath(path), family=socket.AF_UNIX) as listener:

        def die() -> None:
            sock, _ = listener.accept()
            sock.recv(1)
            sock.close()

        with ThreadPoolExecutor(1) as thread:
            thread.submit(die)
            with pytest.raises(UnreachableError, match="has gone"):
                locked.hand_over(path, RIGHT)


def test_only_one_waits(waiting: Waiting) -> None:
    with pytest.raises(RefusedError, match="waits to be unlocked already"):
        locked.until_unlocked(waiting.path, waiting.keep, waiting.node, lambda _: None)
    assert locked.waits(waiting.path)


def test_a_stale_socket_is_nobody_who_waits(tmp_path: Path) -> None:
    path = tmp_path / "unlock.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(os.fspath(path))
    assert not locked.waits(path)
    assert not locked.stop(path, 1)


def test_ctrl_c_while_it_waits_is_a_clean_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(locked, "_admit", interrupted)
    path = tmp_path / "unlock.sock"
    locked.until_unlocked(path, lambda _: None, lambda _: None, lambda _: None)
    assert not path.exists()


@pytest.mark.parametrize("name", ["{}/notify", "@onionchat-test-{}"])
def test_the_service_manager_is_told(tmp_path: Path, name: str) -> None:
    address = name.format(tmp_path)
    seen: list[dict[str, Any]] = []
    environ = {"NOTIFY_SOCKET": address, "HOME": "/"}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + address[1:] if address[0] == "@" else address)
        report = service_manager.told(seen.append, environ)
        assert environ == {"HOME": "/"}
        read = partial(manager.recv, 4096)
        report({"event": "locked"})
        assert read() == b"READY=1\nSTATUS=locked: waits for `onionchat unlock`"
        report({"event": "tor"})
        report({"event": "unlocked"})
        assert read().startswith(b"READY=1\n")
        report({"event": "ready", "address": "a.onion"})
        assert b"a.onion" not in read()
    report({"event": "ready", "address": "a.onion"})  # it has gone: no matter
    assert [said["event"] for said in seen] == ["locked", "tor", "unlocked", "ready", "ready"]
