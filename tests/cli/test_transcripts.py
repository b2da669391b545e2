"""The command line as a person sees it: the files in tests/transcripts, run for real.

    $ onionchat COMMAND       run as a process of its own, in the file's own HOME
    < a line                  its stdin; without one it is empty
    > a line                  of its stdout, and all of it
    ! a line                  of its stderr, and all of it
    = 2                       its exit code; 0 where it is not written
    % a command               of the shell's, before what follows: files that must be there

`...` stands for anything on its line, `$HOME` for the home; a line that begins with none
of these is a comment. There is no terminal, so nothing can wait for an answer.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

TRANSCRIPTS = Path(__file__).parent.parent / "transcripts"


@dataclass
class Exchange:
    """One command and what is expected of it; nothing of the shell's but that it works."""

    command: str
    shell: bool = False
    stdin: list[str] = field(default_factory=list)
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    code: int = 0


def exchanges(text: str) -> Iterator[Exchange]:
    current = None
    for line in text.splitlines():
        mark, _, rest = line.partition(" ")
        if mark in {"$", "%"}:
            if current is not None:
                yield current
            current = Exchange(rest, shell=mark == "%")
        elif current is not None and mark in {"<", ">", "!"}:
            {"<": current.stdin, ">": current.stdout, "!": current.stderr}[mark].append(rest)
        elif current is not None and mark == "=":
            current.code = int(rest)
    if current is not None:
        yield current


def matches(expected: list[str], got: str) -> bool:
    pattern = "".join(re.escape(line).replace(r"\.\.\.", ".*") + "\n" for line in expected)
    return re.fullmatch(pattern, got) is not None


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.txt")), ids=lambda path: path.stem)
def test_transcript(path: Path, tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    for exchange in exchanges(path.read_text().replace("$HOME", str(tmp_path))):
        if exchange.shell:
            subprocess.run(["sh", "-ec", exchange.command], env=environ, cwd=tmp_path, check=True)
            continue
        words = shlex.split(exchange.command)
        assert words[0] == "onionchat"
        done = subprocess.run(
            [sys.executable, "-m", *words],
            input="".join(line + "\n" for line in exchange.stdin),
            capture_output=True,
            text=True,
            env=environ,
            cwd=tmp_path,
            start_new_session=True,
            timeout=60,
            check=False,
        )
        seen = f"$ {exchange.command}\n{done.stdout}{done.stderr}= {done.returncode}"
        assert done.returncode == exchange.code, seen
        assert matches(exchange.stdout, done.stdout), seen
        assert matches(exchange.stderr, done.stderr), seen
