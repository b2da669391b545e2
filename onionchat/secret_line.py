"""A passphrase that is read into memory which can be wiped, and never anywhere else.

Python cannot wipe what it reads: its bytes never change, and lie where they lay until something
else is put in their place. For a command that ends at once that is no harm. `up` goes on for
weeks, and must be able to forget: what it reads goes from the descriptor into one buffer, from
there into the file that its node reads (node/start.py), and the buffer is filled with zeros.

The command line imports this module: standard library only.
"""

from collections.abc import Callable
from typing import Self

LONGEST = 4096
"""Bytes; also what a terminal takes as one line."""


class SecretLine:
    """One line in the making: fill `room`, and say how much came with `grow`."""

    def __init__(self) -> None:
        self._memory = bytearray(LONGEST + 1)
        self._length = 0

    @property
    def room(self) -> memoryview:
        """Where the next bytes belong; empty when the line is too long."""
        return memoryview(self._memory)[self._length :]

    @property
    def content(self) -> memoryview:
        """What came, as it lies there: a view, no copy."""
        return memoryview(self._memory)[: self._length]

    def grow(self, count: int) -> bool:
        """So many bytes came into `room`; whether the line may go on."""
        self._length += count
        return count > 0 and self._length <= LONGEST and not self.ends(b"\n")

    def ends(self, ending: bytes) -> bool:
        return self._memory.endswith(ending, 0, self._length)

    def cut(self, ending: bytes) -> None:
        """Leave out these bytes at its end, if they are there."""
        if self.ends(ending):
            self._length -= len(ending)

    def hand_to(self, keep: Callable[[memoryview], None]) -> bool:
        """A whole line, without its newline, to `keep`; whether it is one."""
        whole = self.ends(b"\n")
        if whole:
            self.cut(b"\n")
            keep(self.content)
        return whole

    def taken(self) -> bytes:
        """A copy, for a process that ends soon; wiped here."""
        with self:
            return bytes(self.content)

    def wipe(self) -> None:
        self._memory[:] = bytes(len(self._memory))
        self._length = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wipe()
