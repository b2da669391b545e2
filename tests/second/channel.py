"""Section 3: frames, the hello, and which session to use."""

from dataclasses import dataclass

from tests.second.primitives import ProtocolError, seal, unseal

ENVELOPE, HELLO, PING, PONG, BULK, BYE = 1, 2, 3, 4, 5, 6


def wire_size(size_class: int) -> int:
    return 488 << size_class


class Sealer:
    """One direction of the channel, for the side that writes."""

    def __init__(self, key: bytes) -> None:
        self.key, self.counter = key, 0

    def nonce(self) -> bytes:
        self.counter += 1
        return bytes(4) + (self.counter - 1).to_bytes(8, "big")

    def frame(self, kind: int, payload: bytes = b"") -> bytes:
        size_class = 0
        while len(payload) > wire_size(size_class) - 20:
            size_class += 1
        if size_class > (6 if kind == ENVELOPE else 0):
            raise ValueError("payload too long")
        plain = bytes([kind]) + len(payload).to_bytes(2, "big") + payload
        ad = bytes([size_class])
        return ad + seal(self.key, self.nonce(), plain.ljust(wire_size(size_class) - 17, b"\0"), ad)


class Opener(Sealer):
    """The same direction, for the side that reads."""

    def open(self, wire: bytes) -> tuple[int, bytes]:
        size_class = wire[0]
        if size_class > 6 or len(wire) != wire_size(size_class):
            raise ProtocolError("bad class")
        plain = unseal(self.key, self.nonce(), wire[1:], wire[:1])
        kind, length = plain[0], int.from_bytes(plain[1:3], "big")
        payload, padding = plain[3 : 3 + length], plain[3 + length :]
        if len(payload) != length or any(padding):
            raise ProtocolError("bad length or padding")
        if not ENVELOPE <= kind <= BYE or kind == BULK or (kind != ENVELOPE and size_class):
            raise ProtocolError("bad type")
        if (kind in (PING, PONG) and length > 64) or (kind == BYE and length):
            raise ProtocolError("bad control frame")
        return kind, payload


@dataclass(frozen=True)
class Row:
    sid: bytes
    sent: int
    rcvd: int


@dataclass(frozen=True)
class Hello:
    incarnation: bytes
    rows: tuple[Row, ...] = ()

    def encode(self) -> bytes:
        out = bytes(9) + self.incarnation + bytes([len(self.rows)])
        for row in self.rows:
            out += row.sid + row.sent.to_bytes(8, "big") + row.rcvd.to_bytes(8, "big")
        return out

    @staticmethod
    def decode(x: bytes) -> "Hello":
        if len(x) < 26 or x[8] != 0 or x[25] > 4 or len(x) < 26 + 32 * x[25]:
            raise ProtocolError("bad hello")
        rows = tuple(
            Row(
                x[i : i + 16],
                int.from_bytes(x[i + 16 : i + 24]),
                int.from_bytes(x[i + 24 : i + 32]),
            )
            for i in range(26, 26 + 32 * x[25], 32)
        )
        if len({row.sid for row in rows}) != len(rows):
            raise ProtocolError("a session twice")
        return Hello(x[9:25], rows)


@dataclass(frozen=True)
class Choice:
    use: bytes | None  # none: the handshake's keys start a new session
    common: frozenset[bytes]
    broken: frozenset[bytes]


def choose(mine: Hello, theirs: Hello) -> Choice:
    other = {row.sid: row for row in theirs.rows}
    pairs = [(row, other[row.sid]) for row in mine.rows if row.sid in other]
    common = frozenset(row.sid for row, _ in pairs)
    broken = frozenset(a.sid for a, b in pairs if a.rcvd > b.sent or b.rcvd > a.sent)
    use = max(common, default=None)
    return Choice(None if use in broken else use, common, broken)
