"""Ctrl-Z, and on again, while the terminal shows nothing of what is typed."""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.shell import PROMPT, Shell

CTRL_Z = "\x1a"


def test_a_passphrase_is_not_shown_after_a_pause(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = str(tmp_path_factory.mktemp("j"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with Shell(Path(home), {"HOME": home, "PATH": path, "TERM": "dumb"}) as shell:
        shell.type("onionchat init\n")
        shell.read(re.escape("[Y/n] "))
        shell.type("n\n")
        shell.read("Passphrase: ")
        shell.type(f"half a pass{CTRL_Z}")
        assert "half" not in shell.read(re.escape(PROMPT))[0]
        shell.type("stty -a\n")
        assert " echo " in shell.read(re.escape(PROMPT))[0]
        shell.type("fg\n")
        shell.read("Passphrase: ")
        shell.type("correct horse\n")
        said = shell.read("The same again: ")[0]
        shell.type("correct horse\n")
        said += shell.read(re.escape(PROMPT))[0]
        assert ".onion" in said
        assert "horse" not in said
