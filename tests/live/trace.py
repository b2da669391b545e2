"""strace(1) on everything that is started with `launcher`: which sockets were not unix ones.

tor's calls are its own affair: what a process does after it has become tor does not count.
"""

import fcntl
import re
import sys
from pathlib import Path

from tests.crash.strace import usable
from tests.live import traced

_FAMILY = re.compile(r"\b(?:AF|PF)_(?!UNIX\b|LOCAL\b|UNSPEC\b)[A-Z0-9]+")
_BECOMES = re.compile(r'^execve\("(?:[^"]*/)?([^"/]*)", \[(.*?)\].* = 0$')
_TOR = {"tor", "obfs4proxy"}


class Trace:
    """Without strace it sees nothing and stops nobody."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.launcher: tuple[str, ...] = ()
        if usable():
            (place / traced.LOCK).touch()
            self.launcher = (sys.executable, traced.__file__, str(place))

    @property
    def calls(self) -> list[str]:
        """Those of our own programs, when all of them have ended."""
        if not self.launcher:
            return []
        with (self._place / traced.LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
        return [call for file in sorted(self._place.glob("*/calls.*")) for call in _ours(file)]

    @property
    def found(self) -> list[str]:
        """Calls about a socket of another family."""
        return [call for call in self.calls if _FAMILY.search(call) or "io_uring" in call]


def _ours(file: Path) -> list[str]:
    ours = []
    for line in file.read_text().splitlines():
        becomes = _BECOMES.search(line)
        if becomes and becomes[1] in _TOR:
            break
        ours.append(line)
    return ours
