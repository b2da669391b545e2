from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onionchat.errors import LocalError, RemoteError
from onionchat.protocol.padding import LARGEST_RECORD
from onionchat.protocol.records import (
    Accept,
    ContactRequest,
    Empty,
    Endpoint,
    Fleeting,
    Guest,
    Known,
    Lifetimes,
    Receipt,
    Text,
    Unknown,
    Withdrawn,
    decode,
    encode,
)
from onionchat.types import MessageId, Millis, OnionKey, StreamId

ID, STREAM, CLOCK = MessageId(bytes(range(16))), StreamId(bytes(range(0xA0, 0xA8))), 1732400000000
TEXT = Text(ID, STREAM, 1, Millis(CLOCK), None, "hi")
HEADER = [ID, STREAM, 1, CLOCK, None]
LARGEST = 2**53 - 1

EXAMPLES: list[Known] = [
    Empty(),
    Receipt((ID,)),
    TEXT,
    ContactRequest(ID, STREAM, 1, Millis(CLOCK), None, "it's me"),
    Accept(ID, STREAM, 1, Millis(CLOCK), None),
    Endpoint(ID, STREAM, 300, Millis(CLOCK), None, OnionKey(bytes(range(32))), None, 10),
    Withdrawn(ID, STREAM, 4, Millis(CLOCK), bytes(range(16, 32)), 2, 3),
    Lifetimes(ID, STREAM, 5, Millis(CLOCK), None, 3600, 2, 0),
    Fleeting(ID, STREAM, 6, Millis(CLOCK), None, "hi", 3600),
    Guest(ID, STREAM, 7, Millis(CLOCK), None, bytes(range(0xF0, 0x100))),
]


def pack(*fields: object) -> bytes:
    return msgspec.msgpack.encode(fields)


def test_the_examples_of_the_specification() -> None:
    text = Path(__file__).parents[2].joinpath("docs", "protocol.md").read_text()
    block = text.split("<!-- examples: checked by the tests -->\n```\n")[1].split("```")[0]
    assert [line.split()[-1] for line in block.splitlines()] == [
        encode(record).hex() for record in EXAMPLES
    ]


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: type(record).__name__)
def test_decode_undoes_encode(record: Known) -> None:
    assert decode(encode(record)) == record


IDS = st.binary(min_size=16, max_size=16).map(MessageId)
HEADERS = (
    IDS,
    st.binary(min_size=8, max_size=8).map(StreamId),
    st.integers(1, LARGEST),
    st.integers(0, LARGEST).map(Millis),
    st.none() | st.binary(min_size=16, max_size=16),
)
KEYS = st.binary(min_size=32, max_size=32)
RANGES = st.lists(st.integers(1, LARGEST), min_size=2, max_size=2).map(sorted)
YEAR = 366 * 86400
SECONDS = st.integers(0, YEAR)
RECORDS: st.SearchStrategy[Known] = st.one_of(
    st.just(Empty()),
    st.builds(Receipt, st.lists(IDS, max_size=256).map(tuple)),
    st.builds(Text, *HEADERS, st.text(min_size=1, max_size=300)),
    st.builds(ContactRequest, *HEADERS, st.text(max_size=500)),
    st.builds(Accept, *HEADERS),
    st.builds(Endpoint, *HEADERS, KEYS.map(OnionKey), st.none() | KEYS, st.integers(0, LARGEST)),
    st.tuples(*HEADERS, RANGES).map(lambda fields: Withdrawn(*fields[:5], *fields[5])),
    st.builds(Lifetimes, *HEADERS, SECONDS, st.integers(0, LARGEST), SECONDS),
    st.builds(Fleeting, *HEADERS, st.text(min_size=1, max_size=300), st.integers(1, YEAR)),
    st.builds(Guest, *HEADERS, st.binary(min_size=16, max_size=16)),
)
EXTRA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(RECORDS)
@settings(deadline=None)
def test_any_record_survives_the_wire(record: Known) -> None:
    data = encode(record)
    assert decode(data) == record
    assert len(data) <= LARGEST_RECORD


@given(RECORDS, st.lists(EXTRA, min_size=1, max_size=4))
@settings(deadline=None)
def test_fields_behind_the_known_ones_are_ignored(record: Known, extra: list[Any]) -> None:
    longer = pack(*msgspec.msgpack.decode(encode(record)), *extra)
    if isinstance(record, Empty | Receipt):
        with pytest.raises(RemoteError):
            decode(longer)
    else:
        assert decode(longer) == record


@given(st.integers(10, 127), st.tuples(*HEADERS), st.lists(EXTRA, max_size=4))
@settings(deadline=None)
def test_a_record_of_a_newer_version_is_kept(
    tag: int, header: tuple[Any, ...], extra: list[Any]
) -> None:
    data = pack(tag, *header, *extra)
    record = decode(data)
    assert isinstance(record, Unknown)
    assert msgspec.structs.astuple(record) == (tag, *header, data)


@given(st.integers(128, 2**64 - 1), st.lists(EXTRA, max_size=4))
@settings(deadline=None)
def test_a_tag_from_128_on_is_dropped(tag: int, anything: list[Any]) -> None:
    assert decode(pack(tag, *anything)) is None


@given(RECORDS, st.data())
@settings(deadline=None, max_examples=200)
def test_a_damaged_record_is_refused_or_read_in_one_way(record: Known, data: Any) -> None:
    damaged = bytearray(encode(record))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    check_one_reading(bytes(damaged))


@given(st.binary(max_size=100) | EXTRA.map(msgspec.msgpack.encode))
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_refused_or_read_in_one_way(data: bytes) -> None:
    check_one_reading(data)


def check_one_reading(data: bytes) -> None:
    try:
        record = decode(data)
    except RemoteError:
        return
    match record:
        case None:
            return
        case Unknown():
            assert record.raw == data
        case _:
            known = msgspec.msgpack.decode(encode(record))
            assert msgspec.msgpack.decode(data)[: len(known)] == known


def test_limits_hold_on_both_sides_of_their_edge() -> None:
    for good in (
        pack(2, *HEADER, "x" * 16384),
        pack(2, *HEADER, "é" * 8192),
        pack(3, *HEADER, ""),
        pack(3, *HEADER, "\U0001f9c5" * 500),
        pack(1, [ID] * 256),
        pack(1, []),
        pack(2, ID, STREAM, LARGEST, LARGEST, None, "x"),
        pack(6, *HEADER, 7, 7),
    ):
        assert decode(good) is not None


REFUSED = {
    # not msgpack
    "no bytes": b"",
    "an unused byte": b"\xc1",
    "a value cut short": encode(TEXT)[:-1],
    "a byte behind": encode(TEXT) + b"\0",
    "UTF-8 of a lone surrogate": encode(TEXT)[:-2] + b"\xed\xa0",
    "nested too deep": b"\x91" * 28_000,
    "nested maps": b"\x81\x01" * 14_000,
    "an array of 4 G fields": b"\xdd\xff\xff\xff\xff\0",
    "arrays of 16 M, nested": b"\xdd\x00\xff\xff\xff" * 5000,
    "a bin of 4 GiB": b"\x92\x10\xc6\xff\xff\xff\xff",
    "a map with an array in an array as key": b"\x92\x10\x81\x91\x91\x01\x01" + b"\xff",
    # not in its shortest form
    "tag 0 in two bytes": b"\x91\xcc\0",
    "tag 0 as a signed byte": b"\x91\xd0\0",
    "a long array header": b"\xdc\0\1\0",
    "a long str header": encode(TEXT)[:-3] + b"\xd9\2hi",
    "a long bin header": encode(TEXT).replace(b"\xc4\x10", b"\xc5\0\x10"),
    "a long number": encode(TEXT).replace(b"\xa7\1", b"\xa7\xcd\0\1"),
    "an unknown field in a long form": pack(2, *HEADER, "hi", 5)[:-1] + b"\xcc\5",
    "an unknown float of 32 bits": pack(2, *HEADER, "hi", 5)[:-1] + b"\xca\0\0\0\0",
    "an unknown map with a key twice": pack(2, *HEADER, "hi", 5)[:-1] + b"\x82\1\2\1\2",
    "a high tag with a long field": b"\x92\xcc\x80\xcc\1",
    # not an array that begins with a tag
    "nothing": b"\xc0",
    "a number": b"\0",
    "a map": b"\x81\0\0",
    "an empty array": b"\x90",
    "a text as tag": pack("0"),
    "true as tag": pack(True),
    "a float as tag": pack(0.0),
    "a negative tag": pack(-1),
    "nil as tag": pack(None),
    # not the fields of its tag
    "Empty with a field": pack(0, 0),
    "Receipt without ids": pack(1),
    "Receipt of 257": pack(1, [ID] * 257),
    "Receipt of a short id": pack(1, [ID[1:]]),
    "Receipt of a long id": pack(1, [ID + b"x"]),
    "Receipt of a str": pack(1, ["x" * 16]),
    "Receipt of ids not in an array": pack(1, ID),
    "header short": pack(4, *HEADER[:4]),
    "text missing": pack(2, *HEADER),
    "text empty": pack(2, *HEADER, ""),
    "text of 16385 bytes": pack(2, *HEADER, "x" * 16385),
    "text of 16386 bytes in 8193 characters": pack(2, *HEADER, "é" * 8193),
    "text as bin": pack(2, *HEADER, b"hi"),
    "request of 501 characters": pack(3, *HEADER, "x" * 501),
    "id of 15 bytes": pack(4, ID[1:], STREAM, 1, CLOCK, None),
    "id of 17 bytes": pack(4, ID + b"x", STREAM, 1, CLOCK, None),
    "stream of 7 bytes": pack(4, ID, STREAM[1:], 1, CLOCK, None),
    "stream of 9 bytes": pack(4, ID, STREAM + b"x", 1, CLOCK, None),
    "seq 0": pack(4, ID, STREAM, 0, CLOCK, None),
    "seq -1": pack(4, ID, STREAM, -1, CLOCK, None),
    "seq 2^53": pack(4, ID, STREAM, 2**53, CLOCK, None),
    "seq 2^64-1": pack(4, ID, STREAM, 2**64 - 1, CLOCK, None),
    "seq true": pack(4, ID, STREAM, True, CLOCK, None),
    "seq 1.0": pack(4, ID, STREAM, 1.0, CLOCK, None),
    "clock -1": pack(4, ID, STREAM, 1, -1, None),
    "clock 2^53": pack(4, ID, STREAM, 1, 2**53, None),
    "clock nil": pack(4, ID, STREAM, 1, None, None),
    "conversation of 15 bytes": pack(4, ID, STREAM, 1, CLOCK, ID[1:]),
    "conversation false": pack(4, ID, STREAM, 1, CLOCK, False),
    "onion of 31 bytes": pack(5, *HEADER, bytes(31), None, 0),
    "client key of 33 bytes": pack(5, *HEADER, bytes(32), bytes(33), 0),
    "priority missing": pack(5, *HEADER, bytes(32), None),
    "withdrawn from 0": pack(6, *HEADER, 0, 1),
    "withdrawn backwards": pack(6, *HEADER, 2, 1),
    "lifetimes of less than nothing": pack(7, *HEADER, -1, 1, 0),
    "lifetimes without a count": pack(7, *HEADER, 60),
    "fleeting without a time": pack(8, *HEADER, "hi", 0),
    "fleeting without a text": pack(8, *HEADER, "", 60),
    "unknown tag without a header": pack(126),
    "unknown tag, a bad header": pack(127, ID, STREAM, 0, CLOCK, None),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_refused(data: bytes) -> None:
    with pytest.raises(RemoteError):
        decode(data)


def test_a_refusal_names_the_rule_and_never_the_content() -> None:
    with pytest.raises(RemoteError) as caught:
        decode(pack(2, *HEADER, b"secret"))
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


OURS: list[Known] = [
    Receipt((ID,) * 257),
    Receipt((MessageId(b"short"),)),
    Accept(ID, STREAM, 0, Millis(CLOCK), None),
    Accept(ID, STREAM, 1, Millis(-1), None),
    ContactRequest(ID, STREAM, 1, Millis(CLOCK), None, "x" * 501),
    ContactRequest(ID, STREAM, 1, Millis(CLOCK), None, "\ud800"),
]


@pytest.mark.parametrize("record", OURS)
def test_we_do_not_send_what_would_be_refused(record: Known) -> None:
    with pytest.raises(LocalError):
        encode(record)


@pytest.mark.parametrize("text", ["", "x" * 16385, "é" * 8193, "\ud800"])
def test_a_text_that_breaks_its_limits_cannot_be_made(text: str) -> None:
    with pytest.raises(ValueError, match=r"text|surrogates"):
        Text(ID, STREAM, 1, Millis(CLOCK), None, text)
