"""A thousand messages that have disappeared are nowhere: not on the disk, not in the node.

The disk is every file of the profile, the database and its log decrypted; the memory is all
that the kernel shows of a real node's process, which only root may see. The control is the
same node with an allocator that forgets nothing.
"""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from onionchat.crypto import vault
from onionchat.store import keyslot
from tests.child import Child
from tests.cli.machine import BOB, NOWHERE, PASSPHRASE, Machine
from tests.cli.test_secrets import descendants
from tests.store import test_deleted

MESSAGES = 1000
ASKED = 50
"""At once: their answers fit into the socket, so nobody waits for the other."""
CANARY = re.compile(rb"canary (\d{4}) of the archive")
STAYS = "this one stays"

root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into the node's memory")


def text(number: int) -> str:
    return f"canary {number:04} of the archive"


class Node:
    """One connection to a node that runs."""

    def __init__(self, machine: Machine) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(machine.profile / "run/rpc.sock"))
        self._lines = self._socket.makefile("rb")

    def __call__(self, method: str, **params: Any) -> Any:
        self.ask(method, **params)
        return self.answer()

    def ask(self, method: str, **params: Any) -> None:
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self._socket.sendall(json.dumps(call).encode() + b"\n")

    def answer(self) -> Any:
        return json.loads(self._lines.readline())["result"]

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


REMEMBERING = """
import sys
from onionchat.cli.main import run
from onionchat.node import supervisor
from onionchat.secret_line import SecretLine
supervisor.forgetful = dict
SecretLine.wipe = lambda _: None
sys.exit(run(sys.argv[1:]))
"""


class Remembering(Machine):
    """Its node frees memory as every program does, and its `up` wipes nothing."""

    def start(
        self, *words: str | bytes, environ: Mapping[str, str] | None = None, **options: Any
    ) -> Child[bytes]:
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return Child(
            [sys.executable, "-c", REMEMBERING, *words],
            cwd=self.home,
            env={**self.environ, **(environ or {})},
            start_new_session=True,
            **(pipes | options),
        )


def write_and_wait(machine: Machine, count: int) -> None:
    """So many texts that expire, disappear, and are erased; and one that stays."""
    node = Node(machine)
    node("send", name="bob", text=STAYS)
    node("contact.disappearing", name="bob", seconds=1)
    for first in range(0, count, ASKED):
        for number in range(first, first + ASKED):
            node.ask("send", name="bob", text=text(number), expires=1)
        for _ in range(ASKED):
            node.answer()
    while len(node("history", name="bob", limit=2)) > 1:
        pass
    node.close()


def in_memory(pid: int) -> set[int]:
    """Which of the thousand can be read in this process."""
    found: set[int] = set()
    for content in memory_of(pid):
        found |= {int(number) for number in CANARY.findall(content)}
        wide = content.replace(b"\0\0\0", b"").replace(b"\0", b"")
        found |= {int(number) for number in CANARY.findall(wide)}
    return found


def memory_of(pid: int) -> Iterator[bytes]:
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for start, end in regions(pid):
            try:
                memory.seek(start)
                yield memory.read(end - start)
            except (OSError, ValueError, OverflowError):  # of the kernel's own
                continue


def regions(pid: int) -> Iterator[tuple[int, int]]:
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        place, rights, *_ = line.split()
        if rights.startswith("rw"):
            start, _, end = place.partition("-")
            yield int(start, 16), int(end, 16)


def on_disk(machine: Machine, patch: pytest.MonkeyPatch) -> bytes:
    """Every file of the profile, the database and its log as who has the passphrase sees them."""
    master = vault.unlock(keyslot.read(machine.profile / "keyslot"), PASSPHRASE.encode())
    patch.setattr(test_deleted, "KEY", vault.derive(master, "database"))
    opened = test_deleted.decrypted(machine.profile / "store.db")
    log = machine.profile / "store.db-wal"
    if log.exists():
        opened += test_deleted.logged(log)
    files = (path for path in machine.profile.rglob("*") if path.is_file())
    return opened + b"".join(path.read_bytes() for path in files)


@root
def test_what_has_disappeared_is_nowhere(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    with machine.node() as up:
        assert machine("contact", "add", "bob", BOB).code == 0
        write_and_wait(machine, MESSAGES)
        _, node = descendants(up.pid)
        assert in_memory(node) == set()
        disk = on_disk(machine, monkeypatch)
    assert STAYS.encode() in disk
    assert CANARY.findall(disk) == []


@root
def test_an_allocator_that_forgets_nothing_is_found_out(machine: Machine) -> None:
    other = Remembering(machine.home)
    with other.node() as up:
        assert other("contact", "add", "bob", BOB).code == 0
        write_and_wait(other, 100)
        _, node = descendants(up.pid)
        assert in_memory(node) != set()


def test_what_waits_is_on_the_disk(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same look finds what is there."""
    with machine.node():
        assert machine("contact", "add", "bob", BOB).code == 0
        assert machine("send", "bob", text(0)).code == 0
        assert set(CANARY.findall(on_disk(machine, monkeypatch))) == {b"0000"}


def knows_the_passphrase(pid: int) -> bool:
    return any(PASSPHRASE.encode() in content for content in memory_of(pid))


@root
def test_the_supervisor_never_keeps_the_passphrase(machine: Machine) -> None:
    """Typed when it was started, and brought after a lock."""
    with machine.node() as up:
        assert not knows_the_passphrase(up.pid)
        assert machine("lock").code == 0
        assert machine.unlocked("unlock").code == 0
        assert not knows_the_passphrase(up.pid)


@root
def test_one_that_waits_for_it_does_not_keep_it_either(machine: Machine) -> None:
    with machine.start("--json", "up", "--wait-unlock", "--no-dial", *NOWHERE) as up:
        try:
            assert up.stderr is not None
            assert json.loads(up.stderr.readline())["event"] == "locked"
            assert machine.unlocked("unlock").code == 0
            assert not knows_the_passphrase(up.pid)
        finally:
            up.kill()
            machine("down")


@root
def test_a_supervisor_that_wipes_nothing_is_found_out(machine: Machine) -> None:
    with Remembering(machine.home).node() as up:
        assert knows_the_passphrase(up.pid)
