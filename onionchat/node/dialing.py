"""When to dial a contact: a schedule, and nothing that touches a socket.

A contact is dialled when something waits for them, once after the node came up, and
a few times after a connection was lost; otherwise they dial us when they come up, so
an idle node does not poll. Failure is answered with 30 s, 1, 2, 5, 10, 20, 30 min, each
30 % more or less, so that two nodes do not march in step; an inbound connection, a
network change or the person's own action starts over. A connection that came to nothing
is a failure too: one side's disk may be full, and both would come back at once for ever.

Somebody, or a program, who writes and writes to a contact that is away must not make us
knock all the time: then two dials lie 5, 15, 45 and at last 60 s apart. At most six dials
run at once: tor builds 32 circuits at a time, and a dial takes several.
"""

import random
from collections.abc import Callable

from onionchat.protocol.limits import BACKOFF_JITTER, BACKOFF_SECONDS

DIAL_DEADLINE = 90.0
AFTER_LOSS = (2.0, 15.0, 60.0)
"""Seconds before each of the few redials after a connection was lost with nothing waiting."""
PATIENCE = 5.0
LONGEST_PATIENCE = 60.0
IMPATIENCE = 3
"""Two attempts are never closer than PATIENCE, however often the person presses send, and
IMPATIENCE times as much after each that was in vain."""
SPREAD = 90.0
"""Start-up dials are spread over at most this long; few contacts need less."""

Uniform = Callable[[float, float], float]
_uniform: Uniform = random.SystemRandom().uniform


class Schedule:
    """The next moment to dial one contact, on the loop's clock; None: not at all."""

    def __init__(self, uniform: Uniform = _uniform) -> None:
        self._uniform = uniform
        self._failures = 0
        self._losses = 0
        self._lost = False
        self._patience = PATIENCE
        self._last = float("-inf")
        self.at: float | None = None

    def start(self, now: float, contacts: int) -> None:
        """The node came up, with this many contacts to greet."""
        self._sooner(now + self._uniform(0.0, min(SPREAD, 1.0 + contacts / 2)))

    def wanted(self, now: float) -> None:
        """Something waits, or the person asks: as soon as patience allows."""
        self._failures = 0
        self._sooner(max(now, self._last + self._patience))

    def again(self, now: float) -> None:
        """Why the last dials were in vain may be over: the network is back, the machine awake."""
        self._patience = PATIENCE
        self.wanted(now)

    def dialled(self, now: float) -> None:
        self._last, self.at = now, None

    def failed(self, now: float, *, waiting: bool, offline: bool = False) -> None:
        """A dial came to nothing; try again only while something waits, or a few times: after a
        loss, and where it may have been for another reason than that they are not there."""
        self._patience = min(self._patience * IMPATIENCE, LONGEST_PATIENCE)
        if waiting:
            delay = BACKOFF_SECONDS[min(self._failures, len(BACKOFF_SECONDS) - 1)]
            self._failures += 1
            later = now + delay * self._uniform(1 - BACKOFF_JITTER, 1 + BACKOFF_JITTER)
            self.at = max(later, self._last + self._patience)
        elif self._lost or not offline:
            self._after_loss(now)

    def not_before(self, moment: float) -> None:
        """Then, or later if it is planned for later; whatever is wanted."""
        self.at = moment if self.at is None else max(self.at, moment)

    def connected(self) -> None:
        self._lost = False
        self.at = None

    def good(self) -> None:
        """Something came over a connection, or it lasted: what was in vain is forgotten."""
        self._failures = self._losses = 0
        self._patience = PATIENCE

    def lost(self, now: float, *, waiting: bool) -> None:
        """The last connection ended without a goodbye, or too early; it had been good."""
        self._losses = 0
        self._lost = True
        if waiting:
            self._sooner(max(now + self._uniform(0.0, 1.0), self._last + self._patience))
        else:
            self._after_loss(now)

    def _after_loss(self, now: float) -> None:
        if self._losses < len(AFTER_LOSS):
            delay = AFTER_LOSS[self._losses]
            self._losses += 1
            self.at = now + delay * self._uniform(1 - BACKOFF_JITTER, 1 + BACKOFF_JITTER)

    def _sooner(self, moment: float) -> None:
        self.at = moment if self.at is None else min(self.at, moment)
