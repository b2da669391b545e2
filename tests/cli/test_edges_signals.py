"""A signal at any moment: no traceback, no sentence but one, exit code 130 or what was done.

The moment is not a time, which would differ from machine to machine, but the number of an
event that Python tells an audit hook about: an import, a file opened, a socket, a process.
The command sends itself the signal there. What comes before the first import of ours is
Python's own start, and prints Python's own traceback.
"""

import signal
from pathlib import Path

import pytest

from tests.cli.machine import NOWHERE, PASSPHRASE, Machine

HOOK = """
import os, sys
count = None

def at(event, _):
    global count
    if event == "import" and _[0] == "onionchat.cli.main":
        count = 0
    if count is not None:
        count += 1
        if count == int(os.environ["AT_EVENT"]):
            os.kill(os.getpid(), int(os.environ["SIGNAL"]))

sys.addaudithook(at)
"""
MOMENTS = (1, 5, 20, 100, 200, 300, 700, 1400, 2000)
"""`id` without a node has about 2000 events, `--help` about 300."""

COMMANDS = {
    "help": ["--help"],
    "id": ["--passphrase-fd", "0", "id"],
    "up": ["--passphrase-fd", "0", "up", *NOWHERE, "--timeout", "0"],
    "detach": ["--passphrase-fd", "0", "up", "--detach", *NOWHERE, "--timeout", "0"],
    "init": ["--passphrase-fd", "0", "-p", "new", "init"],
}


@pytest.fixture
def hooked(machine: Machine, tmp_path: Path) -> Machine:
    (tmp_path / "sitecustomize.py").write_text(HOOK)
    machine.environ["PYTHONPATH"] = str(tmp_path)
    return machine


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", COMMANDS)
def test_at_any_moment(hooked: Machine, command: str, number: signal.Signals) -> None:
    for moment in MOMENTS if number is signal.SIGINT else MOMENTS[3::4]:
        done = hooked(
            *COMMANDS[command],
            stdin=f"{PASSPHRASE}\n",
            environ={"AT_EVENT": str(moment), "SIGNAL": str(int(number))},
        ).clean()
        whole = {"up": 3, "detach": 3, "init": 8}.get(command, 0)
        assert done.code in (0, 130, whole), (moment, done)
        if done.code == 130:
            assert done.err in ("", "onionchat: interrupted\n"), (moment, done)
    assert hooked.unlocked("id", environ={"AT_EVENT": "0"}).code == 0
