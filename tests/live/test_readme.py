"""README's five minutes, typed line by line at a real terminal by somebody who answers what is
asked and knows nothing else."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shell import PROMPT, Shell

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
SECTION = "## Five minutes: be both of them"
CTRL_D = "\x04"
NUMBER = re.compile(r"^(?:\d{5} ){3}(\d{5})\r$", re.MULTILINE)


def lines() -> Iterator[str]:
    _, _, section = (ROOT / "README.md").read_text().partition(SECTION)
    for line in section.partition("\n## ")[0].splitlines():
        if line.startswith("    "):
            yield line.strip()


def answers(last_group: str) -> dict[str, str]:
    """What a person types when they are asked."""
    return {
        "Generate a strong passphrase? [Y/n] ": "n\n",
        "Passphrase: ": "words of one's own\n",
        "The same again: ": "words of one's own\n",
        "end it with Ctrl-D on a line of its own.": f"hello there\n{CTRL_D}",
        "reads it to you: ": f"{last_group}\n",
    }


class Reader:
    """Follows the page; `said` is what came back to each line."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._last_group = ""
        self.said: dict[str, str] = {}

    def follow(self, line: str) -> str:
        """Type it, answer what is asked, until the prompt is back; it must have worked."""
        said = self.said[line] = self._answer(line)
        if numbers := NUMBER.findall(said):
            self._last_group = numbers[-1]
        assert "code=0" in self._answer("echo code=$?"), said
        return said

    def _answer(self, line: str) -> str:
        self._shell.type(f"{line}\n")
        said, asked = "", answers(self._last_group)
        while True:
            before, found = self._shell.read("|".join(map(re.escape, [PROMPT, *asked])))
            said += before + found
            if found == PROMPT:
                return said
            self._shell.type(asked[found])


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where `mktemp` makes its directories; what still runs in one at the end is ended."""
    place = tmp_path_factory.mktemp("r")
    yield place
    onionchat = (sys.executable, "-m", "onionchat")
    for left in place.glob("tmp.*"):
        for name in ("anna", "ben"):
            subprocess.run([*onionchat, "-d", left, "-p", name, "down"], check=False)
        subprocess.run([*onionchat, "testnet", "down", "--dir", left / "net"], check=False)


def test_it_ends_in_a_verified_conversation(home: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environ = {"HOME": str(home), "TMPDIR": str(home), "PATH": path, "TERM": "dumb"}
    with Shell(ROOT, environ) as shell:
        reader = Reader(shell)
        for line in lines():
            said = reader.follow(line)
            while line.endswith("request list") and "nobody has asked" in said:
                said = reader.follow(line)
    said_to = reader.said
    assert "  | hello there" in said_to["onionchat -p anna request list"]
    assert "ben: hello there" in said_to["onionchat -p anna receive --timeout 60"]
    assert "anna: verified" in said_to["onionchat -p ben verify anna --confirm"]
    assert "queued" in said_to["onionchat -p anna send ben --verified"]
    assert list(home.iterdir()) == []
