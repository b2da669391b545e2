"""Where to dial a contact's device. Whoever answers there must still prove the identity.

The identity's own onion is always among the places, as the last. What the contact names
replaces what they named before with the same priority; of one stream of theirs the record
with the higher number is the later one, whatever came first.

A contact may move, but not make us run: after MOVES in a row a place is noted at once and
dialled only when its turn comes, one each MOVE_EVERY.
"""

from dataclasses import dataclass, field

from onionchat.store.contacts import Gone
from onionchat.store.models import Device, Endpoint
from onionchat.store.prepared import Prepared, argument
from onionchat.types import Millis, OnionKey, Place, StreamId

ENDPOINTS = 4
"""Kept for each device; a peer that names more replaces the oldest it named."""
MOVES = 16
MOVE_EVERY = 3_600_000


@dataclass(frozen=True, slots=True)
class Named:
    """What an Endpoint says, and where it stands among what they have said."""

    onion: OnionKey
    client_key: bytes | None = field(repr=False)
    priority: int
    stream: StreamId
    seq: int


def places(contact: int, now: Millis) -> list[Place]:
    """Where to dial them, the best first and their identity's own onion last; Gone."""
    found = [Place(OnionKey(onion), key) for onion, key in _PLACES(contact, now, now + _FAR)]
    if not found:
        raise Gone("a contact that was removed")
    return found


def learn(device: int, named: Named, now: Millis) -> None:
    """The contact says where to dial from now on."""
    later = (Endpoint.device == device) & (Endpoint.stream == named.stream)
    if Endpoint.select().where(later, Endpoint.seq >= named.seq).exists():
        return
    replaced = (Endpoint.priority == named.priority) | (Endpoint.onion == named.onion)
    own = Device.select(Device.key).where(Device.id == device)
    Endpoint.delete().where(Endpoint.device == device, replaced, Endpoint.onion != own).execute()
    Endpoint.replace(
        device=device,
        onion=named.onion,
        client_key=named.client_key,
        priority=named.priority,
        learned_at=now,
        stream=named.stream,
        seq=named.seq,
        not_before=_move(device, now),
    ).execute()
    newest = (
        Endpoint.select(Endpoint.id)
        .where(Endpoint.device == device)
        .order_by(Endpoint.learned_at.desc(), Endpoint.id.desc())
        .limit(ENDPOINTS)
    )
    Endpoint.delete().where(
        Endpoint.device == device, Endpoint.id.not_in(newest), Endpoint.onion != own
    ).execute()


def invited(device: int, onion: OnionKey, client_key: bytes, priority: int, now: Millis) -> None:
    """Where they wait for us alone, until they name another place of this priority."""
    Endpoint.replace(
        device=device, onion=onion, client_key=client_key, priority=priority, learned_at=now
    ).execute()


def forget(device: int) -> None:
    """What they named is void; their identity's own onion is left."""
    own = Device.select(Device.key).where(Device.id == device)
    Endpoint.delete().where(Endpoint.device == device, Endpoint.onion != own).execute()


def _move(device: int, now: Millis) -> int:
    """When a place that is named now may be dialled."""
    due: int = Device.select(Device.next_move).where(Device.id == device).scalar()
    due = max(now, min(due, now + _FAR))
    Device.update(next_move=due + MOVE_EVERY).where(Device.id == device).execute()
    return due - (MOVES - 1) * MOVE_EVERY


_FAR = MOVES * MOVE_EVERY
"""What lies further ahead was written by a clock that was wrong."""

_PLACES = Prepared(
    lambda: (
        Endpoint.select(Endpoint.onion, Endpoint.client_key)
        .join(Device)
        .where(
            Device.contact == argument(0),
            (Endpoint.onion == Device.key)
            | (Endpoint.not_before <= argument(1))
            | (Endpoint.not_before > argument(2)),
        )
        .order_by(
            Endpoint.onion == Device.key,
            Endpoint.priority,
            Endpoint.learned_at.desc(),
            Endpoint.id.desc(),
        )
    )
)
