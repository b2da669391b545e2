"""How long to wait before a child that died is started again.

Longer each time, so that one that cannot live does not take the machine with it; one that
had lived for a while died of something else, and is started again at once.
"""

PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Seconds; the last repeats."""
GROWN_UP = 60.0
"""Seconds of life after which what was before does not count."""


class Restarts:
    """One child's, on the caller's clock."""

    def __init__(self) -> None:
        self._deaths = 0
        self._born = 0.0

    def born(self, now: float) -> None:
        self._born = now

    def died(self, now: float) -> float:
        """Seconds until the next start."""
        if now - self._born >= GROWN_UP:
            self._deaths = 0
        pause = PAUSES[min(self._deaths, len(PAUSES) - 1)]
        self._deaths += 1
        return pause
