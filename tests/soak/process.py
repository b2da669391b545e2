"""Processes by what they were started as; only those below one that we started are touched."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path


def child(parent: int, word: str) -> int | None:
    """The child of this process whose command line has this word."""
    return _child(parent, lambda proc: word.encode() in (proc / "cmdline").read_bytes())


def child_in(parent: int, directory: Path) -> int | None:
    """The child of this process that was started in this directory."""
    return _child(parent, lambda proc: (proc / "cwd").readlink() == directory.resolve())


def _child(parent: int, fits: Callable[[Path], bool]) -> int | None:
    with suppress(FileNotFoundError, ProcessLookupError):  # it ended while we looked
        for task in Path(f"/proc/{parent}/task").iterdir():
            for pid in (task / "children").read_text().split():
                if fits(Path(f"/proc/{pid}")):
                    return int(pid)
    return None


async def kill(pid: int) -> None:
    """SIGKILL; returns when it has gone."""
    pidfd = os.pidfd_open(pid)
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(pidfd, gone.set)
    try:
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        await gone.wait()
    finally:
        loop.remove_reader(pidfd)
        os.close(pidfd)


async def freeze(pid: int, until: Awaitable[None]) -> None:
    os.kill(pid, signal.SIGSTOP)
    try:
        await until
    finally:
        os.kill(pid, signal.SIGCONT)
