"""Help tells the truth: every example can be typed, and every option names its variable."""

import json
import os
import re
import shlex
from pathlib import Path

import click
import pytest

from onionchat.cli.invocation import Invocation
from onionchat.cli.main import root, run
from onionchat.cli.options import WHOLE
from tests.cli.test_contract import COMMANDS
from tests.cli.test_every_command import ADDRESS, ID

PRIVATE = {
    "contact add": {"--message"},
    "verify": {"--confirm"},
    "contact remove": {"--yes"},
    "history clear": {"--yes"},
    "panic": {"--yes"},
}
"""Without a variable: texts, what was read aloud, and the last question before a loss."""

MEANT = {"ADDRESS": ADDRESS, "ID": ID, "/media/stick/onionchat.backup": "stick.backup"}
THERE = ("bin/ring", "letter.txt", "net/client.torrc", "restored/onionchat.backup", "restored/FILE")
"""Files that the examples take for granted, in the home directory."""

GROUPS = [
    (name, group)
    for name in root.lazy
    if isinstance(group := root.get_command(click.Context(root), name), click.Group)
]
EXAMPLES = [
    pytest.param(name, example, id=example)
    for name, command in [("", root), *GROUPS, *COMMANDS.items()]
    for example in getattr(command, "examples", ())
]


def typed(example: str) -> list[str]:
    """The words that the program gets: without the meaning and what is for the shell."""
    line, *_ = re.split(r" {2,}", example)
    line = line.rpartition("| ")[2].removeprefix('eval "$(').removesuffix(')"')
    line = re.sub(r" \d?[<>] ?\S+", "", line)
    program, *words = shlex.split(line)
    assert program == "onionchat"
    return [MEANT.get(word, word) for word in words]


def parse(words: list[str]) -> str:
    """The command of this line, parsed as for a real run and not invoked."""
    context = root.make_context("onionchat", words, obj=Invocation())
    rest = [*context._protected_args, *context.args]
    while isinstance(context.command, click.Group):
        name, command, rest = context.command.resolve_command(context, rest)
        assert command is not None
        context = command.make_context(name, rest, parent=context)
        rest = [*context._protected_args, *context.args]
    return context.command_path.removeprefix("onionchat ")


def settle(home: Path, monkeypatch: pytest.MonkeyPatch, example: str) -> None:
    """Where the example can be typed: its files are there, and nothing is set."""
    for file in THERE:
        (home / file).parent.mkdir(exist_ok=True)
        (home / file).touch()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home / "restored" if "restore" in example else home)
    for variable in [variable for variable in os.environ if variable.startswith("ONIONCHAT_")]:
        monkeypatch.delenv(variable)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example(name: str) -> None:
    assert getattr(COMMANDS[name], "examples", ())


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_every_example_can_be_typed(
    name: str, example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(tmp_path, monkeypatch, example)
    found = parse(typed(example))
    assert found == name or name not in COMMANDS, "it is an example of another command"


@pytest.mark.parametrize("group", [root, *(group for _, group in GROUPS)])
def test_no_command_is_listed_with_half_a_sentence(group: click.Group) -> None:
    context = group.context_class(group)
    text = " ".join(group.get_help(context).split())
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(WHOLE) in text
    assert "..." not in text.partition("Commands:")[2]


@pytest.mark.parametrize("words", [[], ["send"], ["contact"]])
def test_help_in_json_is_the_same_text(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--help"]) == 0
    text = capsys.readouterr().out
    assert run(["--json", *words, "--help"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row == {"help": text.removesuffix("\n")}
    assert text.startswith("Examples:")


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_option_names_its_variable(name: str) -> None:
    command = COMMANDS.get(name, root)
    context = click.Context(command)
    private = set()
    for option in command.params:
        record = option.get_help_record(context)
        long = option.opts[-1]
        if record is None or not isinstance(option, click.Option) or long == "--version":
            continue
        if option.envvar is None:
            private.add(long)
        else:
            assert option.envvar == "ONIONCHAT_" + long[2:].replace("-", "_").upper()
            assert f"[env var: {option.envvar}" in record[1]
    assert private == PRIVATE.get(name, set())
