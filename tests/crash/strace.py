"""strace(1) on one thread of a process: count its calls, or do something at the Nth.

`-p` attaches in a few milliseconds to a process that waits at a marker, so that only what
follows is counted. strace counts for each thread and each call by itself: a point is
(thread, call, N), and the same moment in each run, as far as the process is deterministic.
"""

import os
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path
from types import TracebackType

import pytest

from tests.child import Child

MISSING = "strace is missing; install it with `apt-get install strace` (or dnf, pacman, apk add)"

CHANGES = (
    *("write", "writev", "pwrite64", "ftruncate", "fdatasync", "fsync", "openat"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "chmod"),
    *("sendto", "sendmsg", "connect", "bind", "listen", "accept4", "shutdown"),
)
"""Calls after which a disk, or somebody else, can know more than before. A kill between two
of them leaves what the kill before the second one leaves, so these are all the places there
are. strace ignores a name with `?` that this machine does not have."""


def names(calls: tuple[str, ...]) -> str:
    return ",".join("?" + call for call in calls)


def usable() -> bool:
    """Is it there, and may it trace?"""
    program = shutil.which("strace")
    if program is None:
        return False
    tried = subprocess.run([program, "-o", os.devnull, "true"], capture_output=True, check=False)
    return tried.returncode == 0


needed = pytest.mark.skipif(not usable(), reason=MISSING)


class Tracer:
    """Attached while the block lasts; the traced process goes on without it afterwards."""

    def __init__(self, thread: int, *words: str, to: Path | None = None) -> None:
        output = os.devnull if to is None else str(to)
        self._words = ["strace", "-p", str(thread), "-o", output, *words]

    def __enter__(self) -> "Tracer":
        self._process = Child(self._words, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        said = self._process.stderr.readline()
        assert "attached" in said, said
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.send_signal(signal.SIGINT)  # it lets go
        self._process.communicate()


def kill_at(thread: int, call: str, nth: int) -> Tracer:
    """SIGKILL instead of the thread's Nth call of this name."""
    return inject(thread, call, f"signal=SIGKILL:when={nth}")


def inject(thread: int, call: str, what: str) -> Tracer:
    return Tracer(thread, "-e", f"trace={call}", "-e", f"inject={call}:{what}")


def record(thread: int, to: Path) -> Tracer:
    """Write down the thread's changes, one a line."""
    return Tracer(thread, "-e", f"trace={names(CHANGES)}", to=to)


def count(recorded: Path) -> Counter[str]:
    """How often each call was made."""
    lines = recorded.read_text().splitlines()
    return Counter(line.partition("(")[0] for line in lines if line[0].isalpha())
