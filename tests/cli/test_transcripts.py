"""The command line as a person sees it: the files in tests/transcripts, run for real.

    $ onionchat COMMAND       run as a process of its own, in the file's own HOME
    < a line                  its stdin; without one it is empty
    > a line                  of its stdout, and all of it
    ! a line                  of its stderr, and all of it
    = 2                       its exit code; 0 where it is not written
    % a command               of the shell's, before what follows: files that must be there
    & onionchat COMMAND       goes on running; what follows begins when its node answers

`...` stands for anything on its line, `$HOME` for the home; a line that begins with none
of these is a comment. There is no terminal, so nothing can wait for an answer.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

TRANSCRIPTS = Path(__file__).parent.parent / "transcripts"


@dataclass
class Exchange:
    """One command and what is expected of it; nothing of the shell's but that it works."""

    mark: str
    command: str
    stdin: list[str] = field(default_factory=list)
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    code: int = 0


def exchanges(text: str) -> Iterator[Exchange]:
    current = None
    for line in text.splitlines():
        mark, _, rest = line.partition(" ")
        if mark in {"$", "%", "&"}:
            if current is not None:
                yield current
            current = Exchange(mark, rest)
        elif current is not None and mark in {"<", ">", "!"}:
            {"<": current.stdin, ">": current.stdout, "!": current.stderr}[mark].append(rest)
        elif current is not None and mark == "=":
            current.code = int(rest)
    if current is not None:
        yield current


def matches(expected: list[str], got: str) -> bool:
    pattern = "".join(re.escape(line).replace(r"\.\.\.", ".*") + "\n" for line in expected)
    return re.fullmatch(pattern, got) is not None


class Shell:
    """Runs the commands of one transcript in a HOME of its own."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._home = home
        self._stack = stack
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self._environ = {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8"}

    def __call__(self, exchange: Exchange) -> None:
        if exchange.mark == "%":
            self._run(["sh", "-ec", exchange.command]).check_returncode()
        elif exchange.mark == "&":
            self._start(exchange)
        else:
            self._compare(exchange)

    def _compare(self, exchange: Exchange) -> None:
        done = self._run(_words(exchange), _stdin(exchange))
        seen = f"$ {exchange.command}\n{done.stdout}{done.stderr}= {done.returncode}"
        assert done.returncode == exchange.code, seen
        assert matches(exchange.stdout, done.stdout), seen
        assert matches(exchange.stderr, done.stderr), seen

    def _start(self, exchange: Exchange) -> None:
        """A command that goes on; ended with the transcript, if nothing has ended it before."""
        words = _words(exchange)
        process = self._stack.enter_context(
            subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=self._environ,
                cwd=self._home,
                text=True,
                start_new_session=True,
            )
        )
        self._stack.callback(process.terminate)
        assert process.stdin is not None
        process.stdin.write(_stdin(exchange))
        process.stdin.flush()
        status = [*words[:3], "--json", "status"]
        while self._run(status).returncode:
            assert process.poll() is None, exchange.command

    def _run(self, words: list[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            input=stdin,
            check=False,
            capture_output=True,
            text=True,
            env=self._environ,
            cwd=self._home,
            start_new_session=True,
            timeout=60,
        )


def _words(exchange: Exchange) -> list[str]:
    words = shlex.split(exchange.command)
    assert words[0] == "onionchat"
    return [sys.executable, "-m", *words]


def _stdin(exchange: Exchange) -> str:
    return "".join(line + "\n" for line in exchange.stdin)


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.txt")), ids=lambda path: path.stem)
def test_transcript(path: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        shell = Shell(tmp_path, stack)
        for exchange in exchanges(path.read_text().replace("$HOME", str(tmp_path))):
            shell(exchange)
