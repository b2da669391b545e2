"""A node that is locked has no keys, and nobody who could open the profile again by itself."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from onionchat.errors import RefusedError
from onionchat.node import supervisor
from onionchat.node import unlocking as node_unlocking
from onionchat.node.options import UpOptions
from onionchat.node.start import Start
from onionchat.node.supervisor import Supervisor
from onionchat.node.unlocking import Unlocking
from onionchat.own_socket import Peer
from onionchat.paths import Paths
from onionchat.store.lock import Lock
from tests.cli.machine import NOWHERE, PASSPHRASE, Machine
from tests.cli.test_secrets import descendants


def test_the_process_with_the_keys_has_gone_when_the_command_returns(machine: Machine) -> None:
    with machine.node() as up:
        assert len([*descendants(up.pid)]) == 2
        assert json.loads(machine("--json", "lock").out) == {"locked": True}
        assert [*descendants(up.pid)] == [up.pid]
        assert machine.unlocked("unlock").code == 0
        assert len([*descendants(up.pid)]) == 2
        assert machine("status").code == 0


def test_it_locks_itself_when_nobody_gives_a_command(machine: Machine) -> None:
    words = ("--json", "--passphrase-fd", "0", "up", "--no-dial", *NOWHERE, "--lock-after", "1s")
    with machine.start(*words) as up:
        assert up.stdin is not None
        assert up.stderr is not None
        up.stdin.write(PASSPHRASE.encode() + b"\n")
        up.stdin.flush()
        said = (json.loads(line).get("event") for line in up.stderr)
        assert "locked" in said
        assert [*descendants(up.pid)] == [up.pid]
        assert machine("down").out == "stopped\n"


def test_nothing_is_left_of_the_passphrase_where_a_crashed_node_would_get_it(
    tmp_path: Path,
) -> None:
    with Lock.acquire(tmp_path / "lock") as lock, started(tmp_path) as start:
        up = Supervisor(start, lock, lambda _: None)
        assert os.pread(start.descriptor, 1 << 20, 0).endswith(PASSPHRASE.encode())
        up._lock_up()
        assert os.pread(start.descriptor, 1 << 20, 0).endswith(b"}\n")
        assert isinstance(up._unlocking, Unlocking)
        up._let_go()


def test_nobody_elses_passphrase_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though they have got past the directory and the mode of the socket."""

    async def hung_up(path: Path) -> None:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"theirs\n")
        with suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()

    async def scene(start: Start) -> None:
        path = tmp_path / "unlock.sock"
        unlocking = Unlocking(path)
        monkeypatch.setattr(node_unlocking, "peer", lambda _: Peer(1, os.geteuid() + 1))
        async with asyncio.TaskGroup() as group:
            filling = group.create_task(unlocking.fill(start))
            theirs = group.create_task(hung_up(path))
            await asyncio.wait({filling, theirs}, return_when=asyncio.FIRST_COMPLETED)
            assert start.passphrase() == PASSPHRASE.encode()
            filling.cancel()
        unlocking.close()

    with started(tmp_path) as start:
        asyncio.run(scene(start))


def test_what_was_brought_and_opened_nothing_is_not_left_there_either(tmp_path: Path) -> None:
    """It may have been the right one, and the machine had no memory for it."""

    async def bring_nothing(start: Start) -> None:
        assert start.passphrase() == b""

    async def scene(up: Supervisor) -> None:
        unlocking = Unlocking(tmp_path / "unlock.sock")
        unlocking.fill = bring_nothing  # type: ignore[method-assign]
        await up._passphrase(unlocking, -signal.SIGKILL)
        unlocking.close()

    with Lock.acquire(tmp_path / "lock") as lock, started(tmp_path) as start:
        asyncio.run(scene(Supervisor(start, lock, lambda _: None)))


def test_a_node_that_never_ran_leaves_nothing_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of `up --wait-unlock`, which waits for another passphrase then."""
    monkeypatch.setattr(supervisor, "harden", lambda: None)
    with started(tmp_path) as start, Lock.acquire(tmp_path / "lock"):
        with pytest.raises(RefusedError):
            supervisor.supervise(start, lambda _: None)
        assert start.passphrase() == b""


@contextmanager
def started(directory: Path) -> Iterator[Start]:
    """With a passphrase."""
    paths = Paths("default", directory, directory / "run")
    start = Start.make(UpOptions(paths, tor_control="/c", tor_socks="/s"))
    start.keep(PASSPHRASE.encode())
    yield start
    os.close(start.descriptor)
