"""Where to dial a contact's device. Whoever answers there must still prove the identity."""

from onionchat.store.contacts import Gone
from onionchat.store.models import Device, Endpoint
from onionchat.store.prepared import Prepared, argument
from onionchat.types import Millis, OnionKey

ENDPOINTS = 4
"""Kept for each device; a peer that names more replaces the oldest it named."""


def place_to_dial(contact: int) -> OnionKey:
    """The endpoint of the highest priority, of equals the newest; Gone."""
    row = _PLACE.first(contact)
    if row is None:
        raise Gone("a contact that was removed")
    return OnionKey(row[0])


def learn(device: int, onion: bytes, client_key: bytes | None, priority: int, now: Millis) -> None:
    """The contact says where to dial from now on."""
    Endpoint.replace(
        device=device, onion=onion, client_key=client_key, priority=priority, learned_at=now
    ).execute()
    newest = (
        Endpoint.select(Endpoint.id)
        .where(Endpoint.device == device)
        .order_by(Endpoint.learned_at.desc(), Endpoint.id.desc())
        .limit(ENDPOINTS)
    )
    own = Device.select(Device.key).where(Device.id == device)
    Endpoint.delete().where(
        Endpoint.device == device, Endpoint.id.not_in(newest), Endpoint.onion != own
    ).execute()


_PLACE = Prepared(
    lambda: (
        Endpoint.select(Endpoint.onion)
        .join(Device)
        .where(Device.contact == argument(0), Endpoint.client_key.is_null())
        .order_by(Endpoint.priority.desc(), Endpoint.learned_at.desc(), Endpoint.id.desc())
        .limit(1)
    )
)
