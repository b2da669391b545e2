"""What a node remembers of each peer."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.second.channel import Row
from tests.second.ratchet import Ratchet
from tests.second.records import Record

if TYPE_CHECKING:
    from tests.second.connection import Connection

STRANGER, ASKED, CONTACT, BLOCKED = "stranger", "asked", "contact", "blocked"
LIVE, RETIRED, BROKEN = "live", "retired", "broken"


@dataclass(frozen=True)
class Event:
    """kind: request, accepted, message, delivered, pong, bye, broken, cloned, alarm"""

    kind: str
    peer: bytes
    record: Record | None = None
    data: bytes = b""


@dataclass
class Session:
    sid: bytes
    ratchet: Ratchet
    sent: int = 0
    rcvd: int = 0
    state: str = LIVE
    seen: dict[bytes, bytes | None] = field(default_factory=dict)  # SHA-256(eh) -> id to receipt


@dataclass
class Outgoing:
    record: Record
    sid: bytes = b""
    wire: bytes = b""
    written: bool = False  # on the connection that is the one to send on now


@dataclass
class Peer:
    key: bytes
    status: str = STRANGER
    verified: bool = False
    on_hold: bool = False  # a verified contact lost its sessions: the person must confirm
    sessions: list[Session] = field(default_factory=list)  # newest first
    outbox: list[Outgoing] = field(default_factory=list)
    request: Record | None = None
    next_seq: int = 1
    known: set[bytes] = field(default_factory=set)
    due: dict[bytes, bytes] = field(default_factory=dict)  # SHA-256(eh) -> id
    receipts: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)  # -> sid, wire
    greeting: int = 0  # own dials that wait for R's hello
    timer: bool = False  # receipts leave soon
    sending_on: int = 0  # the number of the connection to send on
    connections: list["Connection"] = field(default_factory=list)

    def rows(self) -> tuple[Row, ...]:
        if self.status != CONTACT:
            return ()
        live = [s for s in self.sessions if s.state == LIVE]
        return tuple(Row(s.sid, s.sent, s.rcvd) for s in live[:4])
