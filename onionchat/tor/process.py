"""tor as a child: started, listened to for ever, ended with us whatever happens to us.

Two ties hold it: the kernel kills it when its parent dies (PR_SET_PDEATHSIG), and it
looks itself whether its owner is there (`__OwningControllerProcess`). Its log is drained
for ever, since a full pipe would stop it; every line passes `scrub` first, so that no
onion address reaches a log, a terminal or an error. Why it died is told in its own words
and with what to do about it.
"""

import asyncio
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

_ONION = re.compile(r"[a-z2-7]{56}", re.IGNORECASE)
_STAMP = re.compile(r"^.*?\[(?:notice|warn|err)\] ")

_REASONS = (
    ("another tor process", "its data directory is in use by another tor", "stop that one first"),
    ("it looks like another", "its data directory is in use by another tor", "stop that one first"),
    ("clock", "the clock of this machine is wrong", "set the clock, then try again"),
    ("permission", "it may not use its own directory", "look who owns the profile's directory"),
    ("can't create directory", "it cannot make its directory", "look who owns the profile"),
    ("address already in use", "its socket is in use", "stop the other tor first"),
    ("no space left", "the disk is full", "make room, then try again"),
    ("bridge", "it does not understand a bridge line", "copy the bridge line again, whole"),
    ("transport", "a pluggable transport does not work", "look at --transport NAME=PATH"),
    ("unknown option", "its configuration has an option it does not know", "see --torrc-include"),
    ("failed to parse", "its configuration has a mistake", "look at --torrc-include"),
    ("unable to open configuration", "it cannot read its configuration", "see --torrc-include"),
)
"""What tor says (lower case), what it means, the next step."""


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
    async def start(cls, binary: TorBinary, torrc: Path, on_line: OnLine) -> "TorProcess":
        """Start it with this configuration alone; `on_line` gets each scrubbed line of its log."""
        process = await asyncio.create_subprocess_exec(
            *(binary.path, "--defaults-torrc", "/dev/null", "-f", torrc),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, signal.SIGKILL),
        )
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
    path = directory / "torrc"
    path.write_text(torrc)
    async with await TorProcess.start(binary, path, on_line) as tor:
        await tor.run()


def why(code: int, log: list[str]) -> TorFailed:
    """tor's last complaints as a sentence and a next step."""
    complaints = [line for line in log if "[warn]" in line or "[err]" in line]
    told = " ".join(complaints).lower()
    for words, meaning, step in _REASONS:
        if words in told:
            return TorFailed(f"tor does not start: {meaning}", step)
    first = [line for line in complaints if "see warnings above" not in line]
    last = _STAMP.sub("", first[-1]) if first else f"it ended with code {code}"
    return TorFailed(f"tor does not start: {last}", "look at its log with `onionchat -v up`")
