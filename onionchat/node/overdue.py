"""What was written on a living connection, and should have been receipted long ago.

Tor's streams lose nothing, so this is rare: a receipt was committed on a disk that stood still,
its connection ended before it was written, and meanwhile its chain was answered on another one,
after which nobody keeps its bytes (protocol 6; seen in a simulated day). A new connection repeats
what has no receipt, but the one that lives may live for days. So it is looked once in a while, and
what was in flight at the last look as well is repeated: whoever has it receipts it once more.

Only the oldest counts. On a slow path much may be in flight for minutes, but always something else.
And the pauses double: a contact who never receipts anything does not make us repeat it all day.
"""


class Overdue:
    """Of one connection. As long as nothing is written, the disk is left alone."""

    def __init__(self) -> None:
        self._waits = False
        self._oldest: int | None = None
        self._looks = 0

    def wrote(self) -> None:
        """Something that is to be receipted."""
        self._waits = True

    def asks(self) -> bool:
        """Is there anything to look for? What is written meanwhile is, the next time."""
        waits, self._waits = self._waits, False
        return waits

    def look(self, oldest: int | None) -> bool:
        """The oldest envelope that is in flight now, by the number of its row: is it time to repeat
        it, after one look, or two, or four?"""
        self._waits |= oldest is not None
        same = oldest is not None and oldest == self._oldest
        self._looks = self._looks + 1 if same else 0
        self._oldest = oldest
        return self._looks.bit_count() == 1
