"""Another user of the machine gets nothing: not the files, not the sockets, not the processes.

Each is tried by itself, by a process of another uid, with a node that runs; where a wall in
front of it would end the try already, that wall is taken away first.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onionchat.store.lock import holder
from tests.cli.machine import BOB, Machine
from tests.cli.test_secrets import descendants

NOBODY = 65534
AS_NOBODY = f"""
import os, socket, sys
os.setgroups([]); os.setresgid(*[{NOBODY}] * 3); os.setresuid(*[{NOBODY}] * 3)
got = []
def tried(what, attempt):
    try:
        if attempt(): got.append(what)
    except OSError:
        pass
def answered(path):
    with socket.socket(socket.AF_UNIX) as node:
        node.settimeout(5); node.connect(path)
        node.sendall(b'{{"jsonrpc": "2.0", "id": 1, "method": "status"}}\\n')
        return node.recv(1)
for line in sys.stdin.read().splitlines():
    kind, _, path = line.partition(" ")
    match kind:
        case "list": tried(path, lambda: os.listdir(path))
        case "read": tried(path, lambda: open(path, "rb").read(1))
        case "ask": tried(path, lambda: answered(path))
print(*got, sep="\\n", end="")
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def as_nobody(*tries: str) -> str:
    """What of these another user got."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", AS_NOBODY],
        input="\n".join(tries),
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    return done.stdout


@pytest.fixture(scope="module")
def lived_in(pattern: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A home that everybody can enter, with a node that runs."""
    machine = pattern.copy(tmp_path_factory.mktemp("m"))
    with machine.node():
        assert machine("contact", "add", "bob", BOB).code == 0
        for above in machine.profile.parents:
            if above.stat().st_mode & 0o011 != 0o011:
                above.chmod(above.stat().st_mode | 0o011)
        yield machine


def opened(machine: Machine) -> None:
    """The wall around everything: the profile's directories."""
    for directory in (machine.profile, machine.profile / "run"):
        directory.chmod(0o755)


def closed(machine: Machine) -> None:
    for directory in (machine.profile, machine.profile / "run"):
        directory.chmod(0o700)


def test_the_tries_can_succeed(lived_in: Machine) -> None:
    everybodys = lived_in.home / "open"
    everybodys.write_text("hello")
    everybodys.chmod(0o644)
    assert as_nobody(f"read {everybodys}") == str(everybodys)


def test_another_user_gets_no_file(lived_in: Machine) -> None:
    files = [path for path in lived_in.profile.rglob("*") if path.is_file()]
    assert len(files) >= 4
    assert as_nobody(f"list {lived_in.profile}", *(f"read {path}" for path in files)) == ""
    opened(lived_in)
    try:
        assert as_nobody(*(f"read {path}" for path in files)) == ""
    finally:
        closed(lived_in)


def test_another_user_gets_no_answer_from_a_socket(lived_in: Machine) -> None:
    """Kept out by the directory, then by the socket's mode, then by what the kernel says of it."""
    door = lived_in.profile / "run/rpc.sock"
    assert as_nobody(f"ask {door}") == ""
    opened(lived_in)
    try:
        assert as_nobody(f"ask {door}") == ""
        door.chmod(0o666)
        assert as_nobody(f"ask {door}") == ""
    finally:
        door.chmod(0o600)
        closed(lived_in)
    assert lived_in("status").code == 0


def test_another_user_gets_nothing_of_the_processes(lived_in: Machine) -> None:
    up = holder(lived_in.profile / "lock")
    assert up is not None
    secrets = ("mem", "environ", "maps", "syscall")
    tries = [f"read /proc/{pid}/{name}" for pid in descendants(up) for name in secrets]
    tries += [f"list /proc/{pid}/fd" for pid in descendants(up)]
    assert as_nobody(*tries) == ""
    for pid in descendants(up):
        assert b"correct horse" not in Path(f"/proc/{pid}/cmdline").read_bytes()
