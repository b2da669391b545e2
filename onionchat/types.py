"""The names of the byte strings that travel between the layers.

An identity and an endpoint are both 32-byte onion public keys and must never be
mixed up: the first is a person, the second is a place to dial. The types keep
them apart where Python's bytes would not.
"""

from dataclasses import dataclass, field
from typing import Literal, NewType

IdentityKey = NewType("IdentityKey", bytes)
"""32 bytes: the Ed25519 key that is a person. The handshake proves it."""

OnionKey = NewType("OnionKey", bytes)
"""32 bytes: the Ed25519 key of an onion service. A place to dial, never a proof."""

SessionId = NewType("SessionId", bytes)
"""16 bytes, derived by both sides from one handshake."""

MessageId = NewType("MessageId", bytes)
"""16 random bytes, scoped to their author."""

StreamId = NewType("StreamId", bytes)
"""8 random bytes, one per installation: the space in which an author counts."""

Incarnation = NewType("Incarnation", bytes)
"""16 random bytes, one per installation, new after a restore."""

Millis = NewType("Millis", int)
"""Unix time in milliseconds."""

OnionKind = Literal["identity", "inbox", "invite"]
"""What an onion of ours is for: strangers, contacts, one guest."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to dial somebody: an onion, and the X25519 private half that it asks for, if any."""

    onion: OnionKey
    client_key: bytes | None = field(default=None, repr=False)
