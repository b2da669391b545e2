"""What two people say to each other, inside the ratchet: tagged msgpack arrays.

    Empty          [0]                    nothing to say, but an envelope is needed
    Receipt        [1, [id, ...]]         these messages of yours are committed here
    tags 2..127    [tag, id, stream, seq, clock_ms, conversation, ...]
      2 Text           text
      3 ContactRequest text
      4 Accept
      5 Endpoint       onion, client key, priority
      6 Withdrawn      from, to
      7 Lifetimes      disappear, change, keep
      8 Fleeting       text, disappear
      9 Guest          token

Three rules let two versions live together. Fields are only ever appended, so a record may
have more of them than we know: they are ignored. A tag up to 127 that we do not know carries
the same header: it is kept as "needs a newer version" and receipted (Unknown). A higher tag
is dropped without a receipt (None).

One value has one encoding: msgpack in its shortest form, and whatever decodes but would be
encoded differently is refused, fields that we do not know included. That is checked on the
generic value before the tag is even read. The decoder allocates by what is there and not by
what is claimed, and gives up on deep nesting.

The identifiers are the author's. The clock is shown as the author's and trusted for nothing.
"""

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

from onionchat.errors import LocalError, RemoteError
from onionchat.protocol.limits import (
    LARGEST_UINT,
    LIFETIME_SECONDS,
    RECEIPT_IDS,
    REQUEST_CHARACTERS,
    TEXT_BYTES,
)
from onionchat.types import MessageId, Millis, OnionKey, StreamId

Bytes8 = Meta(min_length=8, max_length=8)
Bytes16 = Meta(min_length=16, max_length=16)
Bytes32 = Meta(min_length=32, max_length=32)
UInt = Meta(ge=0, le=LARGEST_UINT)
Ordinal = Meta(ge=1, le=LARGEST_UINT)
Seconds = Meta(ge=0, le=LIFETIME_SECONDS)

LARGEST_KNOWN_HEADER_TAG: Final = 127


class Empty(Struct, frozen=True, array_like=True, tag=0, forbid_unknown_fields=True):
    """Nothing. What an initiator sends at once so that the other side may speak."""


class Receipt(Struct, frozen=True, array_like=True, tag=1, forbid_unknown_fields=True):
    """The receiver has committed these messages of ours. Itself never receipted."""

    ids: Annotated[tuple[Annotated[MessageId, Bytes16], ...], Meta(max_length=RECEIPT_IDS)]


class Sequenced(Struct, frozen=True, array_like=True):
    """The header of tags 2 to 127.

    `seq` counts 1, 2, ... per author, stream and conversation; conversation None is the talk
    between the two.
    """

    id: Annotated[MessageId, Bytes16]
    stream: Annotated[StreamId, Bytes8]
    seq: Annotated[int, Ordinal]
    clock_ms: Annotated[Millis, UInt]
    conversation: Annotated[bytes, Bytes16] | None


class Text(Sequenced, frozen=True, tag=2):
    """1 to 16384 bytes of UTF-8, kept as it came. Not fit for a terminal unrendered."""

    text: str

    def __post_init__(self) -> None:
        _check_text(self.text)


class ContactRequest(Sequenced, frozen=True, tag=3):
    """A stranger asks to become a contact. Stands outside the sequence: `seq` is 1."""

    text: Annotated[str, Meta(max_length=REQUEST_CHARACTERS)]


class Accept(Sequenced, frozen=True, tag=4):
    """The answer yes. No is silence."""


class Endpoint(Sequenced, frozen=True, tag=5):
    """Where to dial me from now on. A place, never a proof; the lower priority comes first."""

    onion: Annotated[OnionKey, Bytes32]
    client_key: Annotated[bytes, Bytes32] | None
    priority: Annotated[int, UInt]


class Withdrawn(Sequenced, frozen=True, tag=6):
    """My numbers `first` to `last`, both included, will never come: cancelled or expired."""

    first: Annotated[int, Ordinal]
    last: Annotated[int, Ordinal]

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError("a withdrawn range must not be empty")


class Lifetimes(Sequenced, frozen=True, tag=7):
    """How long messages are to stay, in seconds; 0: no limit.

    `disappear` is for both, and whoever changes it counts `change` up: the greater one holds, of
    equals the shorter time. `keep`: how long its author keeps anything of this conversation.
    """

    disappear: Annotated[int, Seconds]
    change: Annotated[int, UInt]
    keep: Annotated[int, Seconds]


class Fleeting(Sequenced, frozen=True, tag=8):
    """A text that both delete, `disappear` seconds after it was read, or known to have arrived."""

    text: str
    disappear: Annotated[int, Seconds]

    def __post_init__(self) -> None:
        _check_text(self.text)
        if not self.disappear:
            raise ValueError("a fleeting text must have a time")


class Guest(Sequenced, frozen=True, tag=9):
    """Yes, from somebody who was given an invite with this `token` (invite.py)."""

    token: Annotated[bytes, Bytes16]


def _check_text(text: str) -> None:
    if not 1 <= len(text.encode()) <= TEXT_BYTES:
        raise ValueError("a text must have 1 to 16384 bytes")


class Unknown(Struct, frozen=True):
    """A record of a newer version, with the header that all of them share. Never encoded."""

    tag: int
    id: MessageId
    stream: StreamId
    seq: int
    clock_ms: Millis
    conversation: bytes | None
    raw: bytes


Known: TypeAlias = (
    Empty
    | Receipt
    | Text
    | ContactRequest
    | Accept
    | Endpoint
    | Withdrawn
    | Lifetimes
    | Fleeting
    | Guest
)
Record: TypeAlias = Known | Unknown


class _Header(Struct, frozen=True, array_like=True):
    """`Sequenced` with its tag as a field, for the tags that we do not know."""

    tag: int
    id: Annotated[MessageId, Bytes16]
    stream: Annotated[StreamId, Bytes8]
    seq: Annotated[int, Ordinal]
    clock_ms: Annotated[Millis, UInt]
    conversation: Annotated[bytes, Bytes16] | None


_KNOWN_TAGS: Final = range(10)
_encoder: Final = msgspec.msgpack.Encoder()
_any: Final = msgspec.msgpack.Decoder()
_known: Final[msgspec.msgpack.Decoder[Known]] = msgspec.msgpack.Decoder(Known)
_header: Final = msgspec.msgpack.Decoder(_Header)


def encode(record: Known) -> bytes:
    """Shortest-form msgpack. LocalError for a record that a peer would refuse."""
    try:
        data = _encoder.encode(record)
        _known.decode(data)
    except ValueError as error:
        raise LocalError("a record breaks the limits of its fields") from error
    return data


def decode(data: bytes) -> Record | None:
    """None: a tag of 128 or more, to be dropped without a receipt. RemoteError: refused."""
    tag = _canonical_tag(data)
    if tag > LARGEST_KNOWN_HEADER_TAG:
        return None
    try:
        return _known.decode(data) if tag in _KNOWN_TAGS else _unknown(data)
    except ValueError:
        raise RemoteError("a record does not have the fields of its tag") from None


def _unknown(data: bytes) -> Unknown:
    head = _header.decode(data)
    return Unknown(
        head.tag, head.id, head.stream, head.seq, head.clock_ms, head.conversation, raw=data
    )


def _canonical_tag(data: bytes) -> int:
    try:
        value = _any.decode(data)
        canonical = _encoder.encode(value)
    except (ValueError, RecursionError):
        raise RemoteError("a record is not msgpack") from None
    if canonical != data:
        raise RemoteError("a record is not in its shortest form")
    match value:
        case [int(tag), *_] if tag >= 0 and not isinstance(tag, bool):
            return tag
    raise RemoteError("a record is not an array that begins with its tag")
