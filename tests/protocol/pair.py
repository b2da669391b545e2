"""Two channels joined in memory: the instrument of the channel's tests.

A Side is a channel with the least owner it can have: it greets when it must, and keeps what
it saw. Everything random is drawn from a seed, so that a run can be repeated to the byte.
"""

import hashlib
from collections.abc import Callable

from onionchat.crypto.identity import Identity
from onionchat.errors import RemoteError
from onionchat.protocol.channel import Channel, Role
from onionchat.protocol.events import Event, Frame, HandshakeDone, PeerHello
from onionchat.protocol.hello import Hello, Listed, Purpose
from onionchat.types import Incarnation, SessionId

INITIATOR = Identity.from_seed(bytes(range(32)))
RESPONDER = Identity.from_seed(bytes(range(32, 64)))
HELLO_I = Hello(0, Purpose.TALK, Incarnation(b"I" * 16))
HELLO_R = Hello(5, Purpose.TALK, Incarnation(b"R" * 16), (Listed(SessionId(b"s" * 16), 1, 2),))


def seeded(seed: bytes) -> Callable[[int], bytes]:
    """A source of bytes that repeats itself."""
    calls = 0

    def rand(count: int) -> bytes:
        nonlocal calls
        calls += 1
        return hashlib.shake_256(seed + calls.to_bytes(8, "big")).digest(count)

    return rand


class Side:
    """One end: its channel, what it saw, and the error that ended it."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.seen: list[Event] = []
        self.error: RemoteError | None = None

    def hear(self, data: bytes, chunk: int = 65536) -> list[Event]:
        """Read `data` in pieces of `chunk` bytes; the new events."""
        before = len(self.seen)
        try:
            while data:
                size = min(chunk, self.channel.want) or chunk
                piece, data = data[:size], data[size:]
                for event in self.channel.receive(piece):
                    self._react(event)
            _ = self.channel.want
        except RemoteError as error:
            self.error = error
        return self.seen[before:]

    def _react(self, event: Event) -> None:
        self.seen.append(event)
        match event, self.channel.role:
            case HandshakeDone(), _:
                self.channel.send(HELLO_I)
            case PeerHello(), Role.RESPONDER:
                self.channel.send(HELLO_R)

    def say(self, *frames: Frame) -> bytes:
        self.channel.send(*frames)
        return self.channel.take()


def strangers(seed: bytes = b"") -> tuple[Side, Side]:
    """Initiator and responder before a byte was carried."""
    dialled = Channel.dial(INITIATOR, RESPONDER.key, seeded(b"i" + seed))
    return Side(dialled), Side(Channel.answer(RESPONDER, seeded(b"r" + seed)))


def carry(one: Side, other: Side) -> None:
    """Move bytes until both are silent."""
    while data := one.channel.take():
        other.hear(data)
        one, other = other, one


def greeted(seed: bytes = b"") -> tuple[Side, Side]:
    """Initiator and responder behind their hellos."""
    initiator, responder = strangers(seed)
    carry(initiator, responder)
    return initiator, responder
