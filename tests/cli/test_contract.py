"""Every command and every option of a command stands in a transcript, and so does each key
of its JSON: what nobody has typed and looked at is not known to work."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from onionchat.cli.main import root
from tests.transcript import exchanges

TRANSCRIPTS = Path(__file__).parent.parent / "transcripts"
EXCHANGES = [
    exchange
    for path in TRANSCRIPTS.rglob("*.txt")
    for exchange in exchanges(path.read_text())
    if exchange.mark in {"$", "~", "&"}
]
ELSEWHERE = {
    "demo": "tests/live and `make demo` run it",
    "testnet up": "tests/cli/test_testnet.py",
    "testnet down": "tests/cli/test_testnet.py",
}
GLOBAL = {"help", "version", *(str(parameter.name) for parameter in root.params)}


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


def typed(name: str) -> list[str]:
    """The command lines of this command; `history NAME` is `history show NAME`."""
    short = "history" if name == "history show" else name
    found = []
    for exchange in EXCHANGES:
        words = shlex.split(exchange.command)[1:]
        bare = " ".join(word for word in words if not word.startswith("-"))
        if re.search(rf"(?:^| ){short}(?: |$)", bare):
            found.append(" ".join(words))
    return found


def test_every_command_is_typed_somewhere() -> None:
    missing = {name for name in COMMANDS if name not in ELSEWHERE and not typed(name)}
    assert missing == set()


def test_every_option_is_typed_somewhere() -> None:
    missing = {
        f"{name} {parameter.opts[-1]}"
        for name, command in COMMANDS.items()
        if name not in ELSEWHERE
        for parameter in command.params
        if isinstance(parameter, click.Option)
        and parameter.name not in GLOBAL
        and not any(
            re.search(rf"(?:^| ){option}\b", line)
            for line in typed(name)
            for option in parameter.opts
        )
    }
    assert missing == set()


def test_every_command_is_typed_with_json() -> None:
    silent = {"rpc", "up"}  # rows of their own: JSON-RPC, and events that are not results
    missing = {
        name
        for name in COMMANDS
        if name not in ELSEWHERE
        and name not in silent
        and not any("--json" in line for line in typed(name))
    }
    assert missing == set()
