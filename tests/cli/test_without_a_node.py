"""Which commands need a running node, and what they say without one: each command is in a list."""

import json
import os
import select
import signal
from pathlib import Path

import pytest

from tests.cli.machine import BOB, PASSPHRASE, Done, Machine
from tests.cli.test_contract import COMMANDS
from tests.cli.test_secrets import descendants

WITH_THE_PASSPHRASE = {
    "id": [],
    "contact list": [],
    "contact show": ["bob"],
    "history show": ["bob"],
    "outbox list": [],
    "verify": ["bob"],
    "reachable": ["off"],
    "backup create": ["mine", "--backup-passphrase-fd", "0"],
    "passphrase change": ["--new-passphrase-fd", "0"],
}
NEED_IT = {
    "status": [],
    "unlock": [],
    "lock": [],
    "contact add": ["carol", BOB],
    "invite make": [],
    "invite list": [],
    "invite cancel": ["1"],
    "contact rename": ["bob", "rob"],
    "contact remove": ["bob", "--yes"],
    "contact disappearing": ["bob", "1h"],
    "contact keep": ["bob", "30d"],
    "contact block": ["bob"],
    "contact unblock": ["bob"],
    "request list": [],
    "request accept": ["1"],
    "request reject": ["1"],
    "request block": ["1"],
    "send": ["bob", "hi"],
    "receive": [],
    "history clear": ["bob", "--yes"],
    "outbox cancel": ["0" * 32],
    "rpc": [],
}
OF_ITS_OWN = {"init", "up", "down", "panic", "profile list", "doctor", "backup restore"} | {
    *("completion", "demo", "testnet up", "testnet down")
}
"""Neither asks a node nor opens the profile, or does both as far as it goes."""


@pytest.fixture(scope="module")
def left(pattern: Machine, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A profile that knows bob, for whom a message waits; its node has been stopped."""
    machine = pattern.copy(tmp_path_factory.mktemp("m"))
    with machine.node():
        assert machine("contact", "add", "bob", BOB).code == 0
        assert machine("send", "bob", "hello").code == 0
    return machine


def opened(machine: Machine, name: str, *words: str) -> Done:
    """With what a script hands in: the passphrase, and a second one where one is asked for."""
    secrets = f"{PASSPHRASE}\n{PASSPHRASE}\n"
    return machine("--json", "--passphrase-fd", "0", *name.split(), *words, stdin=secrets)


def test_every_command_is_in_one_list() -> None:
    lists = [*WITH_THE_PASSPHRASE, *NEED_IT, *OF_ITS_OWN]
    assert sorted(lists) == sorted(COMMANDS)


@pytest.mark.parametrize("name", WITH_THE_PASSPHRASE)
def test_the_passphrase_is_enough(left: Machine, name: str) -> None:
    done = opened(left, name, *WITH_THE_PASSPHRASE[name]).clean()
    assert done.code == 0, done
    assert json.loads(done.out.splitlines()[0])
    again = ["again" if word == "mine" else word for word in WITH_THE_PASSPHRASE[name]]
    left(*name.split(), *again).refused(6, "--passphrase-fd")


LAST_TRY = """
import atexit, os, socket
def attempt(what, *words):
    try:
        what(*words)
    except OSError as error:
        os.write(2, f"{what.__name__}: {error.strerror}\\n".encode())
atexit.register(attempt, os.fork)
atexit.register(attempt, socket.socket, socket.AF_INET)
"""


def test_who_opens_the_profile_has_no_network_and_no_program_any_more(
    left: Machine, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(LAST_TRY)
    words = ("--passphrase-fd", "0", "contact", "list")
    done = left(*words, stdin=PASSPHRASE, environ={"PYTHONPATH": str(tmp_path)})
    assert done.code == 0
    refusals = ["socket: Address family not supported by protocol", "fork: Operation not permitted"]
    assert done.err.splitlines()[-2:] == refusals
    done = left("contact", "list", environ={"PYTHONPATH": str(tmp_path)})
    assert "Address family" not in done.err


@pytest.mark.parametrize("name", NEED_IT)
def test_the_rest_says_how_to_start_one(left: Machine, name: str) -> None:
    done = opened(left, name, *NEED_IT[name])
    done.refused(3, "the node is not running", "start it with `onionchat up`")


def test_nothing_is_written_anywhere_else(left: Machine) -> None:
    places = {path.relative_to(left.home) for path in left.home.rglob("*") if path.is_file()}
    profile = Path(".local/share/onionchat/default")
    assert {place for place in places if profile not in place.parents} <= {Path("mine")}


def test_while_a_node_is_started_again_nobody_is_sent_to_start_one(machine: Machine) -> None:
    """Nor asked for a passphrase that would be refused then."""
    with machine.node() as up:
        _, node = descendants(up.pid)
        up.send_signal(signal.SIGSTOP)
        watch = os.pidfd_open(node)
        os.kill(node, signal.SIGKILL)
        select.select([watch], [], [])
        os.close(watch)
        for command in ("status", "id"):
            machine(command).refused(3, "it is starting", "onionchat down")
        up.send_signal(signal.SIGCONT)
