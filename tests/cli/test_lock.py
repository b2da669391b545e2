"""A node that is locked has no keys, and nobody who could open the profile again by itself."""

import json
import os
from pathlib import Path

from onionchat.node.options import UpOptions
from onionchat.node.start import Start
from onionchat.node.supervisor import Supervisor
from onionchat.node.unlocking import Unlocking
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
    paths = Paths("default", tmp_path, tmp_path / "run")
    with Lock.acquire(tmp_path / "lock") as lock:
        options = UpOptions(paths, tor_control="/c", tor_socks="/s")
        start = Start.make(options)
        start.keep(PASSPHRASE.encode())
        supervisor = Supervisor(start, lock, lambda _: None)
        assert os.pread(start.descriptor, 1 << 20, 0).endswith(PASSPHRASE.encode())
        supervisor._lock_up()
        assert os.pread(start.descriptor, 1 << 20, 0).endswith(b"}\n")
        assert isinstance(supervisor._unlocking, Unlocking)
        supervisor._let_go()
        os.close(start.descriptor)
