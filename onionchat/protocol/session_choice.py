"""Which session a connection uses: a pure function of the two hellos as they were sent.

Nothing else goes in, so both sides reach the same answer without another round trip, however
connections broke, crossed or were replayed before.

    1. The greatest session (bytewise) that both list is the one to use.
    2. If neither lists one of the other's, this connection's handshake starts a new session
       with the initiator as the ratchet's Alice (`use` is None).
    3. A session in which one side has received more than the other has sent was rolled back
       on the side that sent less: a restored backup, a cloned machine, or an attacker. It is
       broken and never used; if it is the one of rule 1, a new session starts as in rule 2.

The counters are compared as sent: `theirs.rcvd > mine.sent` says that I was rolled back, and
the peer computes the same inequality with the names exchanged.
"""

from dataclasses import dataclass

from onionchat.protocol.hello import Hello, Listed
from onionchat.types import SessionId


@dataclass(frozen=True, slots=True)
class Choice:
    """`use` None: this handshake's keys start a new session. The tuples are in my order."""

    use: SessionId | None
    rolled_back_me: tuple[SessionId, ...]
    rolled_back_peer: tuple[SessionId, ...]
    retired: tuple[SessionId, ...]
    """I list them, the peer does not: from now on receive-only."""


def choose(mine: Hello, theirs: Hello) -> Choice:
    """What to do on a connection with these two hellos. `choose(b, a)` is the mirror image."""
    known = {row.sid: row for row in theirs.sessions}
    common = [(row, known[row.sid]) for row in mine.sessions if row.sid in known]
    me = tuple(mine.sid for mine, theirs in common if _rolled_back(mine, theirs))
    peer = tuple(mine.sid for mine, theirs in common if _rolled_back(theirs, mine))
    greatest = max((mine.sid for mine, _ in common), default=None)
    return Choice(
        use=None if greatest in me + peer else greatest,
        rolled_back_me=me,
        rolled_back_peer=peer,
        retired=tuple(row.sid for row in mine.sessions if row.sid not in known),
    )


def _rolled_back(one: Listed, other: Listed) -> bool:
    """Has `other` received more from `one` than `one` remembers to have sent?"""
    return other.rcvd > one.sent
