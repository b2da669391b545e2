"""What is known here is looked for everywhere: a run of the features at the most talkative level.

Names, addresses, texts, the passphrase and the keys are canaries. None may stand in what the
node says, in a file of the home, or in the memory of a process that needs none of it: that of
the supervisor. The control is a node with a line that somebody wrote to find a bug.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from onionchat.crypto import vault
from onionchat.errors import RefusedError
from onionchat.store import keyslot
from tests.child import Child
from tests.cli.machine import BOB, PASSPHRASE, Machine
from tests.cli.test_memory import regions

NAME, TEXT = "Bartholomew Fitzgerald", "the archive burns at midnight"
GUEST = "Philippa Montgomery"
WORD = "it is me, the librarian"
TALKATIVE = {"ONIONCHAT_VERBOSE": "2", "ONIONCHAT_DEBUG": "1"}
PLANTED = """
import sys
from onionchat.cli.main import run
from onionchat.node import supervisor
hear = supervisor.Supervisor._hear
def loud(self, said):
    print("send to", {name!r}, file=sys.stderr, flush=True)
    hear(self, said)
supervisor.Supervisor._hear = loud
sys.exit(run(sys.argv[1:]))
"""


def canaries(machine: Machine) -> set[bytes]:
    """As text; keys also as what a careless line would print."""
    master = vault.unlock(keyslot.read(machine.profile / "keyslot"), PASSPHRASE.encode())
    keys = (bytes(master), vault.derive(master, "database"))
    texts = (NAME, GUEST, TEXT, WORD, PASSPHRASE, BOB.removesuffix(".onion"))
    return {text.encode() for text in texts} | {*keys} | {key.hex().encode() for key in keys}


def everything(machine: Machine, said: Path) -> bytes:
    """A little of all that a person does; nobody is on the other side. The invite that was made."""
    with said.open("wb") as file, machine.node(stdout=file, stderr=file):
        for words in (
            ("contact", "add", NAME, BOB, "-m", WORD),
            ("send", NAME, TEXT),
            ("send", NAME, TEXT, "--delay", "1h..2h"),
            ("contact", "disappearing", NAME, "1h"),
            ("contact", "keep", NAME, "30d"),
            ("history", NAME),
            ("outbox", "list"),
            ("verify", NAME),
            ("contact", "show", NAME),
            ("contact", "block", NAME),
            ("contact", "unblock", NAME),
        ):
            assert machine(*words).code == 0, words
        invite = machine("-q", "invite", "--name", GUEST).out.strip().encode()
        used = machine("contact", "add", "myself", "-", stdin=invite)
        assert (used.code, invite in used.err.encode()) == (RefusedError.exit_code, False)
        return invite


def found(machine: Machine, known: set[bytes]) -> set[tuple[str, bytes]]:
    files = (path for path in machine.home.rglob("*") if path.is_file())
    return {(path.name, each) for path in files for each in known if each in path.read_bytes()}


def test_no_log_and_no_file_has_a_canary(machine: Machine) -> None:
    machine.environ |= TALKATIVE
    invite = everything(machine, machine.home / "said")
    assert (machine.home / "said").read_bytes(), "it was told to talk"
    assert found(machine, canaries(machine) | {invite}) == set()


class Planted(Machine):
    """Somebody has written a line into its supervisor."""

    def start(
        self, *words: str | bytes, environ: Mapping[str, str] | None = None, **options: Any
    ) -> Child[bytes]:
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return Child(
            [sys.executable, "-c", PLANTED.format(name=NAME), *words],
            cwd=self.home,
            env={**self.environ, **(environ or {})},
            start_new_session=True,
            **(pipes | options),
        )


def test_a_line_that_somebody_forgot_is_found(machine: Machine) -> None:
    planted = Planted(machine.home)
    everything(planted, machine.home / "said")
    assert found(machine, canaries(machine)) == {("said", NAME.encode())}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into another process's memory")
def test_the_supervisor_knows_nobody_and_no_key(machine: Machine) -> None:
    with machine.node() as up:
        assert machine("contact", "add", NAME, BOB, "-m", WORD).code == 0
        assert machine("send", NAME, TEXT).code == 0
        known = canaries(machine) - {PASSPHRASE.encode()}
        with Path(f"/proc/{up.pid}/mem").open("rb", buffering=0) as memory:
            for start, end in regions(up.pid):
                memory.seek(start)
                content = memory.read(end - start)
                assert {each for each in known if each in content} == set()
