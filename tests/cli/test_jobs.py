"""Ctrl-Z, and on again, while the terminal shows nothing of what is typed."""

import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shell import PROMPT, Shell

CTRL_Z = "\x1a"


@pytest.fixture
def paused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell in which Ctrl-Z has stopped an `init` that asks for the passphrase."""
    home = str(tmp_path_factory.mktemp("j"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with Shell(Path(home), {"HOME": home, "PATH": path, "TERM": "dumb"}) as shell:
        shell.type("onionchat init\n")
        shell.read(re.escape("[Y/n] "))
        shell.type("n\n")
        shell.read("Passphrase: ")
        shell.type(f"half a pass{CTRL_Z}")
        assert "half" not in shell.read(re.escape(PROMPT))[0]
        yield shell


def test_a_passphrase_is_not_shown_after_a_pause(paused: Shell) -> None:
    paused.type("stty -a\n")
    assert " echo " in paused.read(re.escape(PROMPT))[0]
    paused.type("fg\n")
    paused.read("Passphrase: ")
    paused.type("correct horse\n")
    said = paused.read("The same again: ")[0]
    paused.type("correct horse\n")
    said += paused.read(re.escape(PROMPT))[0]
    assert ".onion" in said
    assert "horse" not in said


def test_what_is_ended_while_it_is_stopped_ends(paused: Shell) -> None:
    """The shell lets it go on for that, without the terminal: to touch it would stop it anew."""
    paused.type("pid=$(jobs -p); kill %1; tail --pid=$pid -s 0.1 -f /dev/null\n")
    assert paused.read(r"Exit \d+")[1] == "Exit 130"


def test_in_the_background_it_waits_for_its_terminal(paused: Shell) -> None:
    paused.type("bg; wait %1; echo code=$?\n")
    assert paused.read(r"code=\d+")[1] == f"code={128 + signal.SIGTTIN}"
    paused.type("fg\n")
    paused.read("Passphrase: ")
    paused.type("correct horse\n")
    assert "horse" not in paused.read("The same again: ")[0]
