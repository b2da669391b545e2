"""One connection between two people, without the connection: bytes in, events out.

    channel.receive(data)  -> the events in those bytes
    channel.send(*frames)     queues frames
    channel.take()         -> the bytes to write now
    channel.want           -> how many bytes to read next

THEORY OF OPERATION. The bytes that arrive are three things in a row: handshake messages of
known length, one hello, frames. `State` names what is awaited next, and this table is all
there is:

    state   who        awaits                 when it came                         next
    M1      responder  34 bytes, 01 01        queue M2                             M3
    M2      initiator  1260 bytes, 01 02      queue M3; HandshakeDone              HELLO
    M3      responder  1138 bytes, 01 03      remember who that claims to be       HELLO
    HELLO   both       frame 0, of class 0    PeerHello; the claim is proven       FRAMES
    FRAMES  both       frames                 one event each                       FRAMES
                       ... a bye              PeerBye                              ENDED
    ENDED   both       nothing                any byte is an error                 DEAD
    DEAD    both       nothing                every call repeats the error         DEAD

Sending has three rules of its own. The first frame is a hello, and there is only one. The
responder's leaves after the initiator's has opened: M3 alone authenticates nobody. Behind a
bye nothing is sent.

An error of the peer is a RemoteError and final: what was queued is dropped, so that a prober
sees silence, and the keys are forgotten. An error of ours is a LocalError and changes nothing.

The peer's error may stand behind good frames in the same read. Then `receive` returns their
events and every later call raises, the next look at `want` included: however the bytes were
cut, the owner sees the same events and then the same error. The cost is linear in the bytes.
"""

from collections.abc import Callable
from enum import Enum, auto
from secrets import token_bytes
from typing import Final

from onionchat.crypto.handshake import Initiator, Responder, Secrets
from onionchat.crypto.identity import Identity
from onionchat.errors import LocalError, RemoteError
from onionchat.protocol import hello as hellos
from onionchat.protocol.events import (
    Bye,
    Envelope,
    EnvelopeReceived,
    Event,
    Frame,
    HandshakeDone,
    PeerBye,
    PeerHello,
    Ping,
    Pinged,
    Pong,
    Ponged,
)
from onionchat.protocol.framing import Kind, Opener, Sealer, frame_length
from onionchat.protocol.hello import Hello, Purpose
from onionchat.protocol.limits import PING_BYTES, READ_BYTES, UNPROVEN_BYTES
from onionchat.types import IdentityKey


class Role(Enum):
    INITIATOR = auto()
    RESPONDER = auto()


class State(Enum):
    """What is awaited next."""

    M1 = auto()
    M2 = auto()
    M3 = auto()
    HELLO = auto()
    FRAMES = auto()
    ENDED = auto()
    DEAD = auto()


_FLIGHTS: Final = {
    State.M1: (b"\x01\x01", 34),
    State.M2: (b"\x01\x02", 1260),
    State.M3: (b"\x01\x03", 1138),
}
"""First two bytes and length of each handshake message."""


class Channel:
    """`peer` and `secrets` are None until the peer is proven. Made by `dial` or `answer`."""

    def __init__(self, handshake: Initiator | Responder, claim: IdentityKey | None) -> None:
        dialled = isinstance(handshake, Initiator)
        self.role = Role.INITIATOR if dialled else Role.RESPONDER
        self.peer: IdentityKey | None = None
        self.secrets: Secrets | None = None
        self._handshake = handshake
        self._claim = claim
        self._secrets: Secrets | None = None
        self._state = State.M2 if dialled else State.M1
        self._sealer: Sealer | None = None
        self._opener: Opener | None = None
        self._greeted = self._parted = False
        self._error: RemoteError | None = None
        self._received = 0
        self._buffer = bytearray()
        self._out: list[bytes] = []

    @classmethod
    def dial(
        cls, me: Identity, peer: IdentityKey, rand: Callable[[int], bytes] = token_bytes
    ) -> "Channel":
        """The side that dialled `peer`. M1 waits in `take`."""
        handshake = Initiator(me, peer, rand)
        channel = cls(handshake, peer)
        channel._out.append(handshake.m1())
        return channel

    @classmethod
    def answer(cls, me: Identity, rand: Callable[[int], bytes] = token_bytes) -> "Channel":
        """The side that was dialled. It says nothing before M1 is there."""
        return cls(Responder(me, rand), None)

    @property
    def want(self) -> int:
        """Bytes that may be read now; 0 behind a bye. RemoteError if the channel is dead.

        Before the peer is proven it counts down from 4096 in total.
        """
        self._raise_if_dead()
        if self._state is State.ENDED:
            return 0
        return UNPROVEN_BYTES - self._received if self.peer is None else READ_BYTES

    def receive(self, data: bytes) -> list[Event]:
        """The events that `data` completes. RemoteError: close the connection, say nothing."""
        self._raise_if_dead()
        if self.peer is None and len(data) > self.want:
            raise LocalError("more was read than an unproven peer may send")
        self._received += len(data)
        self._buffer += data
        events: list[Event] = []
        try:
            while (piece := self._next_piece()) is not None:
                events += self._accept(piece)
        except RemoteError as error:
            self._die(error)
            if not events:
                raise
        return events

    def take(self) -> bytes:
        """What is to be written now, and the queue is empty."""
        out = b"".join(self._out)
        self._out.clear()
        return out

    def send(self, *frames: Frame) -> None:
        """Queue `frames`. LocalError for what must not be said now."""
        for frame in frames:
            kind, payload = _outgoing(frame)
            self._out.append(self._sealer_for(kind).seal(kind, payload))
            self._greeted = True
            self._parted = kind is Kind.BYE

    def _next_piece(self) -> bytes | None:
        """The next handshake message or frame, as soon as it is whole."""
        if not self._buffer or len(self._buffer) < (length := self._piece_length()):
            return None
        piece = bytes(self._buffer[:length])
        del self._buffer[:length]
        return piece

    def _piece_length(self) -> int:
        """What is wrong with the first bytes already is an error now, not when all are there."""
        if self._state in _FLIGHTS:
            start, length = _FLIGHTS[self._state]
            if not start.startswith(self._buffer[:2]):
                raise RemoteError("a handshake message of an unknown kind or version")
            return length
        if self._state is State.ENDED:
            raise RemoteError("bytes behind a bye")
        if self._state is State.HELLO and not self._hello_is_due():
            raise RemoteError("the first frame is out of turn or not of class 0")
        return frame_length(self._buffer[0])

    def _hello_is_due(self) -> bool:
        answered = self.role is Role.RESPONDER or self._greeted
        return answered and self._buffer[0] == 0

    def _accept(self, piece: bytes) -> list[Event]:
        if self._opener is None:
            return self._accept_flight(piece)
        kind, payload = self._opener.open(piece)
        if self._state is State.HELLO:
            return [self._accept_hello(kind, payload)]
        return [self._accept_frame(kind, payload)]

    def _accept_flight(self, message: bytes) -> list[Event]:
        if isinstance(self._handshake, Initiator):
            m3, secrets = self._handshake.m3(message)
            self._out.append(m3)
            self._key(secrets, mine=secrets.k_ir, theirs=secrets.k_ri)
            return [HandshakeDone(*self._prove())]
        if self._state is State.M1:
            self._out.append(self._handshake.m2(message))
            self._state = State.M3
        else:
            self._claim, secrets = self._handshake.finish(message)
            self._key(secrets, mine=secrets.k_ri, theirs=secrets.k_ir)
        return []

    def _key(self, secrets: Secrets, mine: bytes, theirs: bytes) -> None:
        self._sealer, self._opener = Sealer(mine), Opener(theirs)
        self._secrets, self._state = secrets, State.HELLO

    def _prove(self) -> tuple[IdentityKey, Secrets]:
        """What was claimed is now known: the responder by M2, the initiator by frame 0."""
        assert self._claim is not None
        assert self._secrets is not None
        self.peer, self.secrets = self._claim, self._secrets
        return self.peer, self.secrets

    def _accept_hello(self, kind: Kind, payload: bytes) -> PeerHello:
        if kind is not Kind.HELLO:
            raise RemoteError("the first frame is not a hello")
        hello = hellos.decode(payload)
        if hello.purpose is Purpose.BULK:
            raise RemoteError("a bulk connection without the bulk feature")
        self._prove()
        self._state = State.FRAMES
        return PeerHello(hello)

    def _accept_frame(self, kind: Kind, payload: bytes) -> Event:
        match kind:
            case Kind.ENVELOPE:
                return EnvelopeReceived(payload)
            case Kind.PING | Kind.PONG if len(payload) <= PING_BYTES:
                return Pinged(payload) if kind is Kind.PING else Ponged(payload)
            case Kind.BYE if not payload:
                self._state = State.ENDED
                return PeerBye()
        raise RemoteError(f"a {kind.name.lower()} frame that may not come here")

    def _sealer_for(self, kind: Kind) -> Sealer:
        self._raise_if_dead()
        if self._sealer is None or (self.role is Role.RESPONDER and self.peer is None):
            raise LocalError("a frame before the peer is there to read it")
        if self._parted or self._greeted == (kind is Kind.HELLO):
            raise LocalError("a frame behind a bye, a second hello, or none at first")
        return self._sealer

    def _raise_if_dead(self) -> None:
        if self._error is not None:
            raise self._error

    def _die(self, error: RemoteError) -> None:
        self._error, self._state = error, State.DEAD
        self._sealer = self._opener = self._secrets = self.secrets = None
        self._buffer.clear()
        self._out.clear()


def _outgoing(frame: Frame) -> tuple[Kind, bytes]:
    match frame:
        case Hello():
            return Kind.HELLO, hellos.encode(frame)
        case Envelope(wire):
            return Kind.ENVELOPE, wire
        case Ping(data) | Pong(data) if len(data) <= PING_BYTES:
            return (Kind.PING if isinstance(frame, Ping) else Kind.PONG), data
        case Bye():
            return Kind.BYE, b""
    raise LocalError("a ping or pong of more than 64 bytes")
