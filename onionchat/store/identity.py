"""Who this profile is: one row. The person stays, the installation may become another."""

from dataclasses import dataclass, field

from onionchat.errors import DamagedError
from onionchat.store.models import Identity
from onionchat.store.prepared import Prepared
from onionchat.types import Incarnation, Millis, StreamId


@dataclass(frozen=True, slots=True)
class Me:
    """`seed` is the 32-byte secret that everything of ours comes from."""

    seed: bytes = field(repr=False)
    stream: StreamId
    incarnation: Incarnation


def create(me: Me, now: Millis) -> None:
    Identity.create(
        id=1,
        seed=me.seed,
        stream=me.stream,
        incarnation=me.incarnation,
        generation=0,
        created_at=now,
    )


def load() -> Me:
    row = _ME.first()
    if row is None:
        raise DamagedError(
            "the profile's database has no identity in it",
            "restore a backup into another profile; nothing was changed here",
        )
    return Me(*row)


def stream() -> StreamId:
    """The space in which this installation counts what it writes."""
    ((found,),) = _STREAM()
    return StreamId(found)


def incarnation() -> Incarnation:
    """What a hello calls this installation."""
    ((found,),) = _INCARNATION()
    return Incarnation(found)


def renew(stream: StreamId, incarnation: Incarnation) -> None:
    """Go on as a new installation."""
    Identity.update(stream=stream, incarnation=incarnation).execute()


def generation() -> int:
    """How many starts there were (generation.py)."""
    ((found,),) = _GENERATION()
    return int(found)


def count_start(in_file: int) -> int:
    """The generation from now on: above the one that is stored, and the one in the file."""
    current = max(generation(), in_file) + 1
    Identity.update(generation=current).execute()
    return current


_ME = Prepared(lambda: Identity.select(Identity.seed, Identity.stream, Identity.incarnation))
_GENERATION = Prepared(lambda: Identity.select(Identity.generation))
_INCARNATION = Prepared(lambda: Identity.select(Identity.incarnation))
_STREAM = Prepared(lambda: Identity.select(Identity.stream))
