"""A bash at a terminal of its own, typed to and read as a person does."""

import fcntl
import os
import re
import select
import termios
from pathlib import Path
from typing import Self

from tests.child import Child

PROMPT = "@@> "
PATIENCE = 120.0
"""Seconds for what should come next."""


class Shell:
    """`type` a line, then `read` until something is there; what was read is not read again."""

    def __init__(self, directory: Path, environ: dict[str, str]) -> None:
        self._keyboard, terminal = os.openpty()
        self._bash: Child[bytes] = Child(
            ["bash", "--norc", "--noprofile", "-i"],
            cwd=directory,
            env=environ | {"PS1": PROMPT, "HISTFILE": "/dev/null"},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(terminal)
        self._unread = ""
        self.read(re.escape(PROMPT))

    def type(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    def read(self, pattern: str) -> tuple[str, str]:
        """What comes before the pattern, and what fits it."""
        while (found := re.search(pattern, self._unread)) is None:
            ready, _, _ = select.select([self._keyboard], [], [], PATIENCE)
            assert ready, f"{pattern} did not come: {self._unread}"
            self._unread += os.read(self._keyboard, 65_536).decode(errors="replace")
        before, self._unread = self._unread[: found.start()], self._unread[found.end() :]
        return before, found[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """A terminal that is closed: bash gets SIGHUP."""
        os.close(self._keyboard)
        self._bash.wait()
