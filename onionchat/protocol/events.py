"""What a channel tells its owner, and what its owner can tell the channel.

Incoming things are named as something that happened, outgoing ones as the thing itself. All
are frozen; none knows the connection it belongs to.
"""

from dataclasses import dataclass
from typing import TypeAlias

from onionchat.crypto.handshake import Secrets
from onionchat.protocol.hello import Hello
from onionchat.types import IdentityKey


@dataclass(frozen=True, slots=True)
class HandshakeDone:
    """The initiator has proof of the responder; its hello must be the next thing sent."""

    peer: IdentityKey
    secrets: Secrets


@dataclass(frozen=True, slots=True)
class PeerHello:
    """The peer's first frame opened. For the responder this is the proof of the initiator."""

    hello: Hello


@dataclass(frozen=True, slots=True)
class EnvelopeReceived:
    """One ratchet message, as it came."""

    wire: bytes


@dataclass(frozen=True, slots=True)
class Pinged:
    """To be answered with a Pong of the same data."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Ponged:
    data: bytes


@dataclass(frozen=True, slots=True)
class PeerBye:
    """The peer will send nothing more."""


Event: TypeAlias = HandshakeDone | PeerHello | EnvelopeReceived | Pinged | Ponged | PeerBye


@dataclass(frozen=True, slots=True)
class Envelope:
    """One ratchet message, at most 31212 bytes."""

    wire: bytes


@dataclass(frozen=True, slots=True)
class Ping:
    """At most 64 bytes."""

    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Pong:
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Bye:
    """The last frame."""


Frame: TypeAlias = Hello | Envelope | Ping | Pong | Bye
