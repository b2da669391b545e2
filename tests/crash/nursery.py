"""Starts victims, hears what they say, and knows when they have gone."""

import asyncio
import json
import os
import select
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from tests.crash.victim import ANEW, GO

Said = dict[str, Any]


class Nursery:
    """The process that forks victims, one at a time. It dies with us."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line)

    async def read(self) -> Said:
        assert self._process.stdout is not None
        said: Said = json.loads(await self._process.stdout.readline())
        return said

    @asynccontextmanager
    async def start(
        self, directory: Path, program: str, *, from_nothing: bool = False, **options: Any
    ) -> AsyncIterator["Victim"]:
        """See victim.py; it has ended when the block does."""
        order = {"directory": str(directory), "program": program, "options": options}
        self.write(json.dumps({**order, "from_nothing": from_nothing}).encode() + b"\n")
        victim = Victim(self, (await self.read())["pid"])
        try:
            yield victim
        finally:
            await victim.end()
            victim.close()


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*ANEW, stdin=pipe, stdout=pipe)
    try:
        yield Nursery(process)
    finally:
        process.kill()
        await process.communicate()


class Victim:
    """One process, from its start to its end. `error`: what it said that it ends with."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery = nursery
        self._pidfd = _opened(pid)
        self._ready = False
        self.exit_code: int | None = None
        self.error: Said | None = None
        self.warnings: list[str] = []

    async def hear(self, wanted: Callable[[Said], bool]) -> Said | None:
        """The next thing it says of this kind; None if it ends instead."""
        while self.exit_code is None:
            said = await self._nursery.read()
            if "ended" in said:
                self.exit_code = said["ended"]
            elif said.get("event") == "error":
                self.error = said
            elif said.get("event") == "warning":
                self.warnings.append(said["message"])
            elif wanted(said):
                return said
        return None

    async def marker(self) -> dict[str, int]:
        """Where it waits until `go_on`; its threads."""
        said = await self.hear(lambda said: "marker" in said)
        assert said is not None, self.error
        threads: dict[str, int] = said["marker"]
        return threads

    def go_on(self) -> None:
        self._nursery.write(GO)

    async def ready(self) -> bool:
        """Until it can be reached; False if it ends instead."""
        if not self._ready:
            self._ready = await self.hear(lambda said: said.get("event") == "ready") is not None
        return self._ready

    def send(self, number: int) -> None:
        if self._pidfd is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    async def end(self, number: int = signal.SIGKILL) -> None:
        """Send a signal, and wait until it has gone. A second time does nothing."""
        if self.exit_code is None:
            self.send(number)
            await self.gone()

    def close(self) -> None:
        if self._pidfd is not None:
            os.close(self._pidfd)

    async def gone(self) -> None:
        """Until it has ended by itself."""
        await self.hear(lambda _: False)

    @property
    def is_gone(self) -> bool:
        return self._pidfd is None or bool(select.select([self._pidfd], [], [], 0)[0])


def _opened(pid: int) -> int | None:
    """None: it has ended before we looked. What it said is still to be read, or the next one
    would be taken for it."""
    with suppress(ProcessLookupError):
        return os.pidfd_open(pid)
    return None
