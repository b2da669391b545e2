"""The command line as a person sees it: files with commands and what they print, run for real.

    $ onionchat COMMAND       run as a process of its own
    ~ onionchat COMMAND       the same, again until it prints what is written: it takes a while
    & onionchat COMMAND       goes on running; what follows begins when its node answers or waits
    % a command               of the shell's, which must only work: files that must be there
    < a line                  its stdin; without one it is empty
    > a line                  of its stdout, and all of it
    ! a line                  of its stderr, and all of it
    ^ C                       Ctrl-C, when it has printed what is written
    = 2                       its exit code; 0 where it is not written
    @ anna                    what follows is typed by anna, in a HOME of her own

`...` stands for anything on its line, `{{NAME}}` for a word that is the same wherever the name
stands again, `$HOME` for the home; a line that begins with none of these marks is a comment.
There is no terminal, so nothing can wait for an answer.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.child import Child

HANGS = 200
"""Seconds; the longest command takes a minute on a free machine."""
PATIENCE = 200
"""How often `~` tries: each time takes a fifth of a second at least."""


@dataclass
class Exchange:
    """One command and what is expected of it."""

    mark: str
    command: str
    stdin: list[str] = field(default_factory=list)
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    interrupted: bool = False
    code: int = 0

    @property
    def typed(self) -> str:
        return "".join(line + "\n" for line in self.stdin)


def exchanges(text: str) -> Iterator[Exchange]:
    current = None
    for line in text.splitlines():
        mark, _, rest = line.partition(" ")
        if mark in {"$", "~", "%", "&", "@"}:
            if current is not None:
                yield current
            current = Exchange(mark, rest)
        elif current is not None and mark in {"<", ">", "!"}:
            {"<": current.stdin, ">": current.stdout, "!": current.stderr}[mark].append(rest)
        elif current is not None and mark == "^":
            current.interrupted = True
        elif current is not None and mark == "=":
            current.code = int(rest)
    if current is not None:
        yield current


class Transcript:
    """Runs one file below a directory; what it has started is ended with the stack."""

    def __init__(
        self,
        directory: Path,
        stack: ExitStack,
        environ: Mapping[str, str] | None = None,
        launcher: Sequence[str] = (),
        **words: str,
    ) -> None:
        self._directory = self._home = directory
        self._stack = stack
        self._more = environ or {}
        self._python = [*launcher, sys.executable]
        self._words = words
        self._typed: set[str] = set()
        self._people: set[Path] = set()

    @property
    def secrets(self) -> set[str]:
        """What was typed unseen, every address, and every invite."""
        words = self._words.values()
        addresses = {word.removesuffix(".onion") for word in words if word.endswith(".onion")}
        invites = {word for word in words if word.startswith("onionchat-invite:")}
        return self._typed | addresses | invites

    def run(self, path: Path) -> None:
        for exchange in exchanges(path.read_text()):
            self._typed.update(exchange.stdin)
            match exchange.mark:
                case "@":
                    self._move(self._directory / exchange.command)
                case "%":
                    command = self._filled(exchange.command)
                    self._done(["sh", "-ec", command]).check_returncode()
                case "&":
                    self._start(exchange)
                case "~":
                    self._repeat(exchange)
                case _:
                    self._once(exchange)

    def _move(self, home: Path) -> None:
        """Somebody else types; a node that they leave running behind them is ended."""
        self._home = home
        home.mkdir(exist_ok=True)
        if home not in self._people:
            self._people.add(home)
            self._stack.callback(self._leave, home)

    def _leave(self, home: Path) -> None:
        self._home = home
        self._done([*self._python, "-m", "onionchat", "down"])

    def _once(self, exchange: Exchange) -> None:
        done = self._interrupted(exchange) if exchange.interrupted else self._run(exchange)
        seen = f"$ {exchange.command}\n{done.stdout}{done.stderr}= {done.returncode}"
        assert done.returncode == exchange.code, seen
        assert self._matches(exchange.stdout, done.stdout), seen
        assert self._matches(exchange.stderr, done.stderr), seen

    def _repeat(self, exchange: Exchange) -> None:
        for _ in range(PATIENCE):
            if self._matches(exchange.stdout, self._run(exchange).stdout):
                return
        self._once(exchange)

    def _run(self, exchange: Exchange) -> subprocess.CompletedProcess[str]:
        return self._done(self._command(exchange), self._filled(exchange.typed))

    def _interrupted(self, exchange: Exchange) -> subprocess.CompletedProcess[str]:
        assert exchange.stdout, "before its first line it may not have begun"
        with self._child(exchange, subprocess.PIPE) as process:
            assert process.stdout is not None
            begun = [process.stdout.readline() for _ in exchange.stdout]
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=HANGS)
        said = "".join([*begun, out])
        return subprocess.CompletedProcess(process.args, process.returncode, said, err)

    def _start(self, exchange: Exchange) -> None:
        process = self._stack.enter_context(self._child(exchange, subprocess.DEVNULL))
        self._stack.callback(process.terminate)
        while not self._up([*self._python, "-m", "onionchat", "--json", "status"]):
            assert process.poll() is None, exchange.command

    def _up(self, status: list[str]) -> bool:
        done = self._done(status)
        return done.returncode == 0 or "waits for its passphrase" in done.stderr

    def _matches(self, expected: list[str], got: str) -> bool:
        """Whether it is what was expected; then the words in it are known."""
        pattern = "".join(self._pattern(line) + "\n" for line in expected)
        found = re.fullmatch(pattern, got)
        if found is not None:
            self._words |= found.groupdict()
        return found is not None

    def _pattern(self, line: str) -> str:
        escaped = re.escape(self._filled(line)).replace(r"\.\.\.", ".*")
        return re.sub(r"\\{\\{([A-Z]+)\\}\\}", r"(?P<\1>\\S+)", escaped)

    def _filled(self, line: str) -> str:
        for name, word in self._words.items():
            line = line.replace("{{" + name + "}}", word)
        return line.replace("$HOME", str(self._home))

    def _command(self, exchange: Exchange) -> list[str]:
        words = shlex.split(self._filled(exchange.command))
        assert words[0] == "onionchat"
        return [*self._python, "-m", *words]

    def _child(self, exchange: Exchange, says: int) -> Child[str]:
        """It runs, and what is typed is typed."""
        child: Child[str] = Child(
            self._command(exchange),
            stdin=subprocess.PIPE,
            stdout=says,
            stderr=says,
            text=True,
            env=self._environ,
            cwd=self._home,
            start_new_session=True,
        )
        assert child.stdin is not None
        child.stdin.write(self._filled(exchange.typed))
        child.stdin.flush()
        return child

    def _done(self, words: list[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            input=stdin,
            check=False,
            capture_output=True,
            text=True,
            env=self._environ,
            cwd=self._home,
            start_new_session=True,
            timeout=HANGS,
        )

    @property
    def _environ(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {"HOME": str(self._home), "PATH": path, "LANG": "C.UTF-8", **self._more}
