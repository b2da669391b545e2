"""Section 5: padding and records."""

import secrets
import time
from dataclasses import dataclass

import msgspec

from tests.second.primitives import Refused

EMPTY, RECEIPT, TEXT, CONTACT_REQUEST, ACCEPT, ENDPOINT, WITHDRAWN = range(7)
SIZES = (1522, 5426, 13234, 28850)
UINT_END = 2**53


@dataclass(frozen=True)
class Record:
    tag: int
    id: bytes = b""
    stream: bytes = b""
    seq: int = 0
    clock_ms: int = 0
    conversation: bytes | None = None
    fields: tuple[object, ...] = ()  # behind the header; of a Receipt its ids

    def encode(self) -> bytes:
        if self.tag == EMPTY:
            return msgspec.msgpack.encode([EMPTY])
        if self.tag == RECEIPT:
            return msgspec.msgpack.encode([RECEIPT, list(self.fields)])
        head = [self.tag, self.id, self.stream, self.seq, self.clock_ms, self.conversation]
        return msgspec.msgpack.encode([*head, *self.fields])


def new_record(tag: int, stream: bytes, seq: int, *fields: object) -> Record:
    return Record(tag, secrets.token_bytes(16), stream, seq, time.time_ns() // 10**6, None, fields)


def pad(record: bytes) -> bytes:
    for size in SIZES:
        if 4 + len(record) <= size:
            return (len(record).to_bytes(4, "big") + record).ljust(size, b"\0")
    raise ValueError("record too long")


def unpad(padded: bytes) -> bytes:
    length = int.from_bytes(padded[:4], "big")
    if len(padded) not in SIZES or 4 + length > len(padded) or any(padded[4 + length :]):
        raise Refused("bad padding")
    return padded[4 : 4 + length]


def _bin(x: object, n: int) -> bool:
    return type(x) is bytes and len(x) == n


def _uint(x: object, least: int = 0) -> bool:
    return type(x) is int and least <= x < UINT_END


def _plain(x: object, depth: int) -> bool:
    """Only the types that a later version keeps to, at most 16 deep."""
    if type(x) is list:
        return depth < 16 and all(_plain(e, depth + 1) for e in x)
    if type(x) is dict:
        items = x.items()
        return depth < 16 and all(type(k) is str and _plain(v, depth + 1) for k, v in items)
    if type(x) is int:
        return x < UINT_END
    return x is None or type(x) in (bool, str, bytes)


def decode(raw: bytes) -> Record:
    try:
        x = msgspec.msgpack.decode(raw)
        same = msgspec.msgpack.encode(x) == raw
    except (msgspec.DecodeError, RecursionError, ValueError, TypeError):
        raise Refused("not msgpack") from None
    if not same or type(x) is not list or not x or not _uint(x[0]):
        raise Refused("not a record in its shortest form")
    tag = x[0]
    if tag >= 128:
        return Record(tag)
    if not _plain(x, 0):
        raise Refused("a type that no record has")
    if tag == EMPTY and len(x) == 1:
        return Record(EMPTY)
    ids = x[1] if tag == RECEIPT and len(x) == 2 else None
    if type(ids) is list and len(ids) <= 256 and all(_bin(e, 16) for e in ids):
        return Record(RECEIPT, fields=tuple(ids))
    if tag < TEXT or len(x) < 6:
        raise Refused("bad record")
    head, fields = x[1:6], tuple(x[6:])
    if not (_bin(head[0], 16) and _bin(head[1], 8) and _uint(head[2], 1) and _uint(head[3])):
        raise Refused("bad header")
    if not (head[4] is None or _bin(head[4], 16)):
        raise Refused("bad conversation")
    if not _fields_ok(tag, fields):
        raise Refused("bad fields")
    return Record(tag, head[0], head[1], head[2], head[3], head[4], fields)


def _fields_ok(tag: int, fields: tuple[object, ...]) -> bool:
    match tag, fields:
        case 2, (str(text), *_):
            return 1 <= len(text.encode()) <= 16384
        case 3, (str(text), *_):
            return len(text) <= 500
        case 5, (onion, client, priority, *_):
            return _bin(onion, 32) and (client is None or _bin(client, 32)) and _uint(priority)
        case 6, (int(first), int(last), *_):
            return _uint(first, 1) and _uint(last, 1) and first <= last
        case _:
            return tag == ACCEPT or tag > WITHDRAWN
