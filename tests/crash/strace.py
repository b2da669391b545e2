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
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pytest

from tests.child import Child

MISSING = "strace is missing; install it with `apt-get install strace` (or dnf, pacman, apk add)"


def names(calls: tuple[str, ...]) -> str:
    """strace ignores a name with `?` that this machine does not have."""
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
    return _inject(thread, call, f"signal=SIGKILL:when={nth}")


def fail_at(thread: int, call: str, nth: int, error: str, *, lasting: bool, to: Path) -> Tracer:
    """The Nth call fails and does nothing; `lasting`: so do all that follow."""
    return _inject(thread, call, f"error={error}:when={nth}{'+' if lasting else ''}", to)


def _inject(thread: int, call: str, what: str, to: Path | None = None) -> Tracer:
    return Tracer(thread, "-e", f"trace={call}", "-e", f"inject={call}:{what}", to=to)


def record(thread: int, calls: tuple[str, ...], to: Path) -> Tracer:
    """Write down these calls of the thread, one a line, and on what file each was."""
    return Tracer(thread, "-y", "-e", f"trace={names(calls)}", to=to)


def watch(process: int, calls: tuple[str, ...], to: Path, failing: str | None = None) -> Tracer:
    """Write down these calls of all its threads, with what they write, in their order."""
    words = ["-f", "-y", "-s", str(1 << 24), "-e", f"trace={names(calls)}"]
    return Tracer(process, *words, *(["-e", f"inject={failing}"] if failing else []), to=to)


def calls(recorded: Path) -> Iterator[tuple[str, int, str]]:
    """Each with how often it was made by then, and the whole line."""
    counted = Counter[str]()
    for line in recorded.read_text(errors="replace").splitlines():
        name = line.partition("(")[0]
        if name.isidentifier():
            counted[name] += 1
            yield name, counted[name], line


def was_injected(recorded: Path) -> bool:
    return "(INJECTED)" in recorded.read_text(errors="replace")
