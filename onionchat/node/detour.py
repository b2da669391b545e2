"""Which of a contact's places to dial, when the best one leads nowhere.

Normally the first: the inbox that they named last. It can be gone without our knowing: they
have put back a backup, or moved while we were away for longer than they waited. So after
PATIENT dials in a row that found nobody there, every second dial goes to the next place, in
turn, down to their identity's own onion, which may be off. Where our key is not taken nobody
has to wait for that: the places behind it are tried at once. A connection, whoever opened it,
starts over. What is wrong with our own tor or network is nothing against a place.
"""

from collections.abc import Sequence

from onionchat.errors import RemoteError
from onionchat.tor.dial_errors import DialError
from onionchat.types import Place

PATIENT = 3
_AGAINST = {"offline", "unreachable", "unauthorised"}


class Detour:
    """For one contact, as long as the node runs."""

    def __init__(self) -> None:
        self._missed = 0
        self._turn = 0

    def ways(self, places: Sequence[Place]) -> Sequence[Place]:
        """The places to dial now, in this order: the one whose turn it is, and those behind it.
        `places`: the best first, at least one."""
        others = len(places) - 1
        if not others or self._missed < PATIENT:
            return places
        self._turn += 1
        return places[1 + self._turn // 2 % others :] if self._turn % 2 else places

    def missed(self, error: Exception) -> None:
        """The dial came to nothing."""
        if isinstance(error, DialError):
            self._missed += error.reason in _AGAINST
        else:
            self._missed += isinstance(error, RemoteError)

    def met(self) -> None:
        self._missed = self._turn = 0
