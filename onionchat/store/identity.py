"""Who this profile is: one row, written once."""

from dataclasses import dataclass, field

from onionchat.errors import DamagedError
from onionchat.store.models import Identity
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
    row = Identity.get_or_none()
    if row is None:
        raise DamagedError(
            "the profile's database has no identity in it",
            "restore a backup into another profile; nothing was changed here",
        )
    return Me(row.seed, row.stream, row.incarnation)


def count_start() -> tuple[int, int]:
    """The generation that was found, and the next one, which is kept from now on."""
    found: int = Identity.select(Identity.generation).scalar()
    Identity.update(generation=found + 1).execute()
    return found, found + 1
