"""tor as a child: started, listened to for ever, ended with us whatever happens to us.

Two ties hold it: the kernel kills it when its parent dies (PR_SET_PDEATHSIG), and it
looks itself whether its owner is there (`__OwningControllerProcess`). Its log is drained
for ever, since a full pipe would stop it; every line passes `scrub` first, so that no
onion address reaches a log, a terminal or an error. Why it died is told in its own words
and with what to do about it.

It reads its configuration from a pipe, once: from a file, whoever could write to the profile
(the node, which may start no program) could have it read another one, and start a program.
"""

import asyncio
import os
import re
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NoReturn

from onionchat.errors import UnreachableError
from onionchat.hardening import die_with_parent
from onionchat.tor.find import TorBinary

OnLine = Callable[[str], None]

STOP_DEADLINE = 3.0
"""Seconds between SIGTERM and SIGKILL."""
REMEMBERED = 40
"""Lines of the log that are looked at for the reason of a death."""

_ONCE = "__ReloadTorrcOnSIGHUP 0\n"
"""Its stdin is over after the start: read anew, the configuration would be empty."""

_ONION = re.compile(r"[a-z2-7]{56}", re.IGNORECASE)
_STAMP = re.compile(r"^.*?\[(?:notice|warn|err)\] ")
_NO_REASON = ("running tor as root", "see warnings above")
"""Complaints that come with every start as root, and that only point at another line."""

_REASONS = (
    ("another tor process", "its data directory is in use by another tor", "stop that one first"),
    ("address already in use", "its socket is in use by another program", "stop that one first"),
    ("no space left on device", "the disk is full", "make room, then try again"),
    ("permission denied", "it may not use its own directory", "look who owns the profile"),
    ("not owned by this", "its directory belongs to another user", "look who owns the profile"),
    ("are too permissive", "others can enter its directory", "chmod 700 the profile's directory"),
    ("couldn't create private data", "it cannot make its directory", "look at the profile's path"),
    ("is too long to fit", "the path of its socket is too long", "choose a shorter --data-dir"),
    (
        "bridge line did not parse",
        "a bridge line is not right",
        "copy the bridge line again, whole",
    ),
    ("client transport line", "a transport is not right", "look at --transport NAME=PATH"),
    ("unknown option", "its configuration has an option it does not know", "see --torrc-include"),
    ("our clock is", "the clock of this machine is wrong", "set the clock, then try again"),
    ("your clock is", "the clock of this machine is wrong", "set the clock, then try again"),
)
"""What tor says (lower case), what it means, the next step. Whole phrases of tor's own, since
a path in the same line may hold any word."""


class TorFailed(UnreachableError):  # noqa: N818 - named for what happened
    """tor has ended and nobody asked it to."""


def scrub(line: str) -> str:
    """The line without anything that could be an onion address."""
    return _ONION.sub("[onion]", line)


class TorProcess:
    """One running tor. Use as `async with await TorProcess.start(...)`."""

    def __init__(self, process: asyncio.subprocess.Process, on_line: OnLine) -> None:
        self._process = process
        self._on_line = on_line
        self._last: deque[str] = deque(maxlen=REMEMBERED)

    @property
    def pid(self) -> int:
        return self._process.pid

    @classmethod
    async def start(
        cls, binary: TorBinary, torrc: str, directory: Path, on_line: OnLine
    ) -> "TorProcess":
        """Start it in this directory, with this configuration alone; `on_line` gets each scrubbed
        line of its log.

        TorFailed: it cannot be run, such as while a new version of it is being installed.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *(binary.path, "--defaults-torrc", "/dev/null", "-f", "-"),
                cwd=directory,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=partial(die_with_parent, signal.SIGKILL, os.getpid()),
            )
        except OSError as error:
            raise TorFailed(
                f"{binary.path} cannot be run: {error.strerror}", "install tor again"
            ) from None
        assert process.stdin is not None
        process.stdin.write(f"{_ONCE}{torrc}".encode())
        process.stdin.close()
        return cls(process, on_line)

    async def run(self) -> NoReturn:
        """Listen until it ends; TorFailed says why it did."""
        assert self._process.stdout is not None
        while line := await self._line(self._process.stdout):
            text = scrub(line.decode(errors="replace").rstrip())
            self._last.append(text)
            self._on_line(text)
        raise why(await self._process.wait(), list(self._last))

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL; returns when it is gone."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
        try:
            async with asyncio.timeout(STOP_DEADLINE):
                await self._drain()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._drain()

    async def __aenter__(self) -> "TorProcess":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _line(self, log: asyncio.StreamReader) -> bytes:
        try:
            return await log.readline()
        except ValueError:  # a line longer than the buffer: not one that anybody needs
            return b"(a long line)\n"

    async def _drain(self) -> None:
        """A child whose pipe is full does not end."""
        assert self._process.stdout is not None
        while await self._process.stdout.read(65536):
            pass
        await self._process.wait()


async def run_tor(binary: TorBinary, torrc: str, directory: Path, on_line: OnLine) -> NoReturn:
    """A tor with this configuration until it dies; TorFailed says why. Cancelling ends it."""
    async with await TorProcess.start(binary, torrc, directory, on_line) as tor:
        await tor.run()


def why(code: int, log: list[str]) -> TorFailed:
    """tor's last complaints as a sentence and a next step. `code` < 0: it was a signal."""
    if code < 0:
        name = signal.Signals(-code).name
        return TorFailed(f"tor was ended from outside ({name})", "look whether memory ran out")
    complaints = [line for line in log if "[warn]" in line or "[err]" in line]
    told = [line for line in complaints if not any(no in line.lower() for no in _NO_REASON)]
    for words, meaning, step in _REASONS:
        if words in " ".join(told).lower():
            return TorFailed(f"tor has ended: {meaning}", step)
    last = _STAMP.sub("", told[-1]) if told else f"exit code {code}"
    return TorFailed(f"tor has ended: {last}", "see its log with `onionchat -v up`")
