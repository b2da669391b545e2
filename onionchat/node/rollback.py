"""This profile is an old copy of itself: somebody put its disk back, or a clone went on.

What was said since the copy was made is forgotten here and known to others. Two things must
not come again: numbers (a contact would take new messages for old places in the order), and
keys (two texts under one key). So the installation becomes another one: it counts in a new
stream; and what it knows of sessions is not used any more, where it is known that the disk
is old. Nothing is lost by that: what waits is encrypted again under new sessions.

It is noticed at the start, by a counter outside the database (store/generation.py), or else
by a contact who remembers more than we do (greeting.py), in that one session.
"""

import secrets

from onionchat.node.session import set_aside
from onionchat.store import identity as identities
from onionchat.store import sessions
from onionchat.types import Incarnation, StreamId


def count_anew() -> None:
    """From now on this is another installation of the same person."""
    stream, incarnation = secrets.token_bytes(8), secrets.token_bytes(16)
    identities.renew(StreamId(stream), Incarnation(incarnation))


def distrust_all() -> None:
    """Every session with everybody may have been used by the time that is forgotten."""
    for sid in sessions.all_live():
        set_aside(sid, "broken")
    count_anew()
