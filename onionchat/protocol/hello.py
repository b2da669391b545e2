"""The first frame of each direction: who this installation is and what it remembers.

    features u64 | purpose u8 | incarnation[16] | count u8 | count x (sid[16] | sent u64 | rcvd u64)

`sent` and `rcvd` count the envelopes of one session as this side has committed them; from the
two hellos alone both sides work out the same session to use (session_choice). `incarnation`
is random per installation and new after a restore.

What a newer peer may add is ignored: unknown feature bits and bytes behind the list. What
would be ambiguous is refused: more sessions than the limit, an unknown purpose, and a session
listed twice, since its two rows could disagree. No feature bit is defined yet; bulk transfer
has none, so a connection with that purpose is closed by the channel.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from onionchat.errors import LocalError, RemoteError
from onionchat.protocol.limits import LISTED_SESSIONS
from onionchat.types import Incarnation, SessionId

_HEAD: Final = struct.Struct(">QB16sB")
_ROW: Final = struct.Struct(">16sQQ")


class Purpose(IntEnum):
    TALK = 0
    BULK = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """One session and this side's count of its envelopes, out and in."""

    sid: SessionId
    sent: int
    rcvd: int


@dataclass(frozen=True, slots=True)
class Hello:
    """`sessions` are newest first; at most four, none twice."""

    features: int
    purpose: Purpose
    incarnation: Incarnation
    sessions: tuple[Listed, ...] = ()


def encode(hello: Hello) -> bytes:
    if _ambiguous(hello.sessions):
        raise LocalError("a hello lists too many sessions, or one twice")
    head = _HEAD.pack(hello.features, hello.purpose, hello.incarnation, len(hello.sessions))
    return head + b"".join(_ROW.pack(row.sid, row.sent, row.rcvd) for row in hello.sessions)


def decode(payload: bytes) -> Hello:
    if len(payload) < _HEAD.size:
        raise RemoteError("a hello is too short")
    features, purpose, incarnation, count = _HEAD.unpack_from(payload)
    if purpose > max(Purpose):
        raise RemoteError("a hello has an unknown purpose")
    if count > LISTED_SESSIONS:
        raise RemoteError("a hello lists too many sessions")
    rows = payload[_HEAD.size : _HEAD.size + count * _ROW.size]
    if len(rows) < count * _ROW.size:
        raise RemoteError("a hello ends inside its list of sessions")
    sessions = tuple(Listed(SessionId(sid), *counts) for sid, *counts in _ROW.iter_unpack(rows))
    if _ambiguous(sessions):
        raise RemoteError("a hello lists a session twice")
    return Hello(features, Purpose(purpose), Incarnation(incarnation), sessions)


def _ambiguous(sessions: tuple[Listed, ...]) -> bool:
    return len(sessions) > LISTED_SESSIONS or len({row.sid for row in sessions}) < len(sessions)
