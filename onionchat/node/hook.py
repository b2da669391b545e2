"""`up --on-message PROGRAM`: a program of the person's choice, run when something came in.

It runs beside the node, which never forks or execs: the node says on its pipe what came in
(`node/arrivals.py`), and the supervisor runs the program. It is a bell, not a mailbox:
whoever must not lose a message asks `receive`, or makes a bot of it (docs/bots.md).

- What came in is one JSON line on stdin. Argument list and environment can be read by
  other programs and carry nothing of it; there is no shell.
- One runs at a time, QUEUE wait. What comes beyond is not told: the runs that wait begin
  after it, so a program that reads all that is unread has it all the same.
- After LIMIT seconds it is ended. What it has started ends with it, and it with the
  supervisor. Its output goes nowhere.
- A program that others can change is not run: that is looked at each time.

Whatever it does, it harms nobody here: the person gets a line.
"""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Never

from onionchat.errors import UsageError, UserError
from onionchat.hardening import die_with_parent
from onionchat.tor.find import trusted

LIMIT = 60.0
QUEUE = 64

Arrival = dict[str, Any]


class Hook:
    """One program. UsageError or RefusedError if it cannot or must not be run."""

    def __init__(self, program: Path, warn: Callable[[str], None]) -> None:
        self._program = checked(program)
        self._warn = warn
        self._waiting: asyncio.Queue[Arrival] = asyncio.Queue(QUEUE)

    def ring(self, arrival: Arrival) -> None:
        """Run it for this, when it is its turn."""
        try:
            self._waiting.put_nowait(arrival)
        except asyncio.QueueFull:
            self._warn(f"{QUEUE} messages wait for the program already: it is not told of more")

    async def run(self) -> Never:
        while True:
            arrival = await self._waiting.get()
            try:
                await self._call(json.dumps(arrival).encode() + b"\n")
            except TimeoutError:
                self._warn(f"it took longer than {LIMIT:g} seconds and was ended")
            except UserError as error:
                self._warn(error.message)
            except (OSError, subprocess.SubprocessError) as error:
                self._warn(f"it could not be run: {getattr(error, 'strerror', None) or error}")

    async def _call(self, line: bytes) -> None:
        process = self._start(line)
        try:
            async with asyncio.timeout(LIMIT):
                await _end_of(process)
        finally:  # all that it started too; not yet waited for, it keeps the group's number
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.returncode:
            self._warn(f"it ended with exit code {process.returncode}")

    def _start(self, line: bytes) -> "subprocess.Popen[bytes]":
        """In one step, that no cancellation can fall into; its stdin is a file in memory."""
        with os.fdopen(os.memfd_create("onionchat-arrival"), "r+b", buffering=0) as stdin:
            stdin.write(line)
            stdin.seek(0)
            return subprocess.Popen(
                [checked(self._program)],
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=partial(die_with_parent, signal.SIGKILL, os.getpid()),  # noqa: PLW1509 - no threads
            )


async def _end_of(process: "subprocess.Popen[bytes]") -> None:
    """It has ended, and is still there to be waited for."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    descriptor = os.pidfd_open(process.pid)
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def checked(program: Path) -> Path:
    """The program itself; RefusedError if others can change it, UsageError if it is none."""
    file = trusted(program)
    if not os.access(file, os.X_OK):
        raise UsageError(f"{file} is not a program", f"chmod u+x {file}")
    return file
