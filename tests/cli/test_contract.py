"""Every command and every option stands in a transcript, each key of its JSON, and each exit
code three times: what nobody has typed and looked at is not known to work.

`KEYS` is what scripts rely on. Adding a key is free; one that is here stays, under its name.
"""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from onionchat.cli.main import root
from tests.transcript import Exchange, exchanges

TRANSCRIPTS = Path(__file__).parent.parent / "transcripts"
EXCHANGES = [
    exchange
    for path in TRANSCRIPTS.rglob("*.txt")
    for exchange in exchanges(path.read_text())
    if exchange.mark in {"$", "~", "&"}
]
CONTACT = "name address state online verified last_seen unread waiting"
KEYS = {
    "init": "address",
    "id": "address",
    "up": "event address",
    "down": "stopped",
    "status": "running address published tor state bootstrap version warning contacts total "
    "online requests unread outbox",
    "contact add": "name address state",
    **dict.fromkeys(
        (f"contact {each}" for each in ("list", "show", "rename", "remove", "block", "unblock")),
        CONTACT,
    ),
    **dict.fromkeys(
        ("contact disappearing", "contact keep"), f"{CONTACT} disappearing keep they_keep"
    ),
    "request list": "number address text received_at",
    "request accept": "name address state",
    "request reject": "number address state",
    "request block": "number address state",
    "send": "id contact conversation state hint",
    "receive": "id kind contact address conversation text seq missing late sent_at received_at "
    "cursor",
    "history show": "id kind contact conversation direction text state sent_at received_at",
    "history clear": "deleted",
    "outbox list": "id contact state queued_at attempts reason",
    "outbox cancel": "id contact state queued_at attempts reason",
    "verify": "safety_number verified",
    "passphrase change": "changed",
    "profile list": "profile running",
    "backup create": "file contacts messages",
    "backup restore": "file contacts messages",
    "doctor": "check ok detail hint",
    "panic": "gone overwritten left",
    "demo": "step detail",
    "testnet up": "dir client_torrc nodes",
    "testnet down": "stopped",
    "unlock": "unlocked",
    "lock": "locked",
    "reachable": "reachable off_at",
    "invite make": "number name expires_at invite",
    "invite list": "number name made_at expires_at",
    "invite cancel": "number name",
    "completion": "shell script",
}
WORDS = {
    "reason": "starting requested offline unreachable network unauthorised identity full",
    "kind": "text unsupported notice",
    "state": "requested contact blocked unread read queued sent delivered cancelled expired",
}
"""What a key can say."""
GLOBAL = {parameter.opts[-1] for parameter in root.params}


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(commands(root))


def of(name: str) -> list[Exchange]:
    """Where this command is typed; `history NAME` is `history show NAME`, and so on."""
    short = {"history show": "history", "invite make": "invite"}.get(name, name)
    found = []
    for exchange in EXCHANGES:
        words = shlex.split(exchange.command)[1:]
        bare = " ".join(word for word in words if not word.startswith("-"))
        if re.search(rf"(?:^| ){short}(?: |$)", bare):
            found.append(exchange)
    return found


def typed(name: str) -> list[str]:
    return [exchange.command for exchange in of(name)]


def test_every_command_is_typed_somewhere() -> None:
    missing = {name for name in COMMANDS if not typed(name)}
    assert missing == set()


def untyped(command: click.Command, lines: list[str]) -> list[str]:
    """Options of this command that are in none of the lines."""
    return [
        option.opts[-1]
        for option in command.params
        if isinstance(option, click.Option)
        and not any(re.search(rf"(?:^| ){name}\b", line) for line in lines for name in option.opts)
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_typed_somewhere(name: str) -> None:
    assert set(untyped(COMMANDS[name], typed(name))) <= GLOBAL


def test_every_option_of_the_program_is_typed_somewhere() -> None:
    assert untyped(root, [exchange.command for exchange in EXCHANGES]) == []


def mistake(exchange: Exchange) -> str:
    """What was wrong, in the words of the program."""
    *_, said = [line for line in exchange.stderr if not line.startswith("hint: ")]
    return str(json.loads(said)["message"]) if said.startswith("{") else said


@pytest.mark.parametrize("code", range(2, 10))
def test_every_exit_code_comes_of_three_mistakes(code: int) -> None:
    """1 is a bug, and 130 no mistake."""
    assert len({mistake(each) for each in EXCHANGES if each.code == code}) >= 3


def test_an_interruption_is_seen_in_text_and_json() -> None:
    """At any other moment, and at a terminal: tests/cli/test_edges_signals.py."""
    interrupted = [each.command for each in EXCHANGES if each.code == 130]
    assert {"--json" in command for command in interrupted} == {False, True}


def test_every_command_has_its_keys() -> None:
    assert KEYS.keys() == COMMANDS.keys() - {"rpc"}


@pytest.mark.parametrize("name", KEYS)
def test_every_key_is_seen_in_json(name: str) -> None:
    rows = [row for exchange in of(name) for row in exchange.stdout if row.startswith("{")]
    assert any(set(KEYS[name].split()) <= set(re.findall(r'"(\w+)": ', row)) for row in rows), rows


@pytest.mark.parametrize("key", WORDS)
def test_every_word_is_seen_in_json(key: str) -> None:
    rows = " ".join(row for exchange in EXCHANGES for row in exchange.stdout)
    assert set(WORDS[key].split()) <= set(re.findall(rf'"{key}": "(\w+)"', rows))
