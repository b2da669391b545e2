"""docs/onionchat.1 is what the commands say now, and roff that no reader complains about."""

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from onionchat.cli import manual, params
from onionchat.cli.main import root
from onionchat.cli.options import Command, Group, option
from onionchat.errors import Interrupted, OnionchatError, UserError
from tests.cli.test_contract import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "onionchat.1"


def shown(page: Path) -> str:
    """As `man` shows it, on one line."""
    return " ".join(run("groff", "-man", "-ww", "-Tascii", "-P-cbou", str(page)).split())


def run(program: str, *words: str) -> str:
    """What it prints, if it works without a word of warning."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    done = subprocess.run([path, *words], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_the_page_is_what_is_generated_now() -> None:
    assert PAGE.read_text() == manual.page(), "run `make docs`"


def test_every_command_and_option_can_be_read() -> None:
    text = shown(PAGE)
    for name, command in COMMANDS.items():
        _, here, section = text.partition(f" onionchat {name} [OPTIONS]")
        assert here, name
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert ", ".join(parameter.opts) in section, name


def test_every_exit_code_is_there() -> None:
    kinds: list[type[OnionchatError]] = [OnionchatError, *UserError.__subclasses__(), Interrupted]
    known = {(kind.exit_code, kind.name) for kind in kinds}
    assert {(code, name) for code, name, _ in manual.EXITS} == known | {(0, "")}


def test_man_has_nothing_to_warn_of() -> None:
    run("man", "--warnings", "-l", str(PAGE))


def test_text_that_roff_would_take_for_commands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    says = '.so /etc/passwd\n\n\'tis \\fBa\\n[x] ~ ^ "quoted" `--bold`\n'

    @click.command("odd", cls=Command, help=says, examples=(".TH", "onionchat odd 'a\\b'"))
    @option("--odd", type=params.seconds, help=".br\n\n'br")
    def odd() -> None: ...

    monkeypatch.setattr(root, "lazy", {})
    monkeypatch.setattr(root, "commands", {"odd": odd})
    file = tmp_path / "odd.1"
    file.write_text(manual.page())
    text = shown(file)
    assert "/etc/passwd 'tis \\fBa\\n[x] ~ ^ \"quoted\" --bold .TH onionchat odd 'a\\b'" in text
    assert ".br 'br" in text.replace(" [env var: ONIONCHAT_ODD]", "")


def test_a_group_stands_before_its_commands() -> None:
    heads = re.findall(r'^\.SS "onionchat (.*)"', PAGE.read_text(), re.MULTILINE)
    for name, command in root.lazy.items():
        if isinstance(root.get_command(click.Context(root), name), Group):
            place = heads.index(name)
            assert heads[place + 1].startswith(f"{name} "), command
