import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onionchat.errors import LocalError, RemoteError
from onionchat.protocol.framing import OVERHEAD, frame_length
from onionchat.protocol.hello import Hello, Listed, Purpose, decode, encode
from onionchat.types import Incarnation, SessionId

U64 = st.integers(0, 2**64 - 1)
SIDS = st.binary(min_size=16, max_size=16).map(SessionId)
ROWS = st.lists(st.builds(Listed, SIDS, U64, U64), max_size=4, unique_by=lambda row: row.sid).map(
    tuple
)
HELLOS = st.builds(
    Hello,
    U64,
    st.sampled_from(Purpose),
    st.binary(min_size=16, max_size=16).map(Incarnation),
    ROWS,
)
ROW = bytes(range(16)) + bytes(7) + b"\5" + bytes(7) + b"\6"
HEAD = bytes(8) + b"\0" + b"i" * 16


def test_bytes() -> None:
    hello = Hello(
        1, Purpose.BULK, Incarnation(b"i" * 16), (Listed(SessionId(bytes(range(16))), 5, 6),)
    )
    assert encode(hello) == bytes(7) + b"\1\1" + b"i" * 16 + b"\1" + ROW
    assert decode(encode(hello)) == hello


@given(HELLOS)
@settings(deadline=None)
def test_decode_undoes_encode_and_it_fits_class_0(hello: Hello) -> None:
    assert decode(encode(hello)) == hello
    assert len(encode(hello)) + OVERHEAD <= frame_length(0)


@given(HELLOS, st.binary(max_size=300))
@settings(deadline=None)
def test_bytes_behind_the_list_are_ignored(hello: Hello, more: bytes) -> None:
    assert decode(encode(hello) + more) == hello


@given(HELLOS, st.data())
@settings(deadline=None)
def test_every_truncation_is_refused(hello: Hello, data: st.DataObject) -> None:
    whole = encode(hello)
    with pytest.raises(RemoteError):
        decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_decode_to_themselves_or_are_refused(payload: bytes) -> None:
    try:
        hello = decode(payload)
    except RemoteError:
        return
    assert payload.startswith(encode(hello))


REFUSED = {
    "empty": b"",
    "no count": HEAD,
    "purpose 2": bytes(8) + b"\2" + b"i" * 16 + b"\0",
    "five sessions": HEAD + b"\5" + b"".join(bytes([n]) * 32 for n in range(5)),
    "255 sessions and no row": HEAD + b"\xff",
    "one session, none there": HEAD + b"\1",
    "a row cut short": HEAD + b"\1" + ROW[:-1],
    "a session twice": HEAD + b"\2" + ROW + ROW,
    "a session twice with other counts": HEAD + b"\2" + ROW + ROW[:16] + bytes(16),
}


@pytest.mark.parametrize("payload", REFUSED.values(), ids=REFUSED.keys())
def test_refused(payload: bytes) -> None:
    with pytest.raises(RemoteError):
        decode(payload)


@pytest.mark.parametrize("sids", [b"abcde", b"aa"])
def test_we_do_not_send_what_would_be_refused(sids: bytes) -> None:
    rows = tuple(Listed(SessionId(bytes([sid]) * 16), 0, 0) for sid in sids)
    with pytest.raises(LocalError):
        encode(Hello(0, Purpose.TALK, Incarnation(bytes(16)), rows))
