import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onionchat.errors import LocalError, RemoteError
from onionchat.protocol.framing import OVERHEAD, Kind, Sealer, frame_length
from onionchat.protocol.padding import LARGEST_RECORD, SIZES, pad, unpad

RATCHET_OVERHEAD = 2362


def test_each_size_fills_its_frame_to_the_byte() -> None:
    frames = [size + RATCHET_OVERHEAD + OVERHEAD for size in SIZES]
    assert frames == [frame_length(size_class) for size_class in (3, 4, 5, 6)]


@given(st.integers(0, LARGEST_RECORD))
def test_a_frame_shows_the_size_and_not_the_length(length: int) -> None:
    envelope = pad(bytes(length)) + bytes(RATCHET_OVERHEAD)
    frame = Sealer(bytes(32)).seal(Kind.ENVELOPE, envelope)
    assert len(frame) in [frame_length(size_class) for size_class in (3, 4, 5, 6)]


@pytest.mark.parametrize("size", SIZES)
def test_the_smallest_size_that_holds_the_record(size: int) -> None:
    assert len(pad(bytes(size - 4))) == size
    assert len(pad(bytes(size - 5))) == size
    if size != SIZES[-1]:
        assert len(pad(bytes(size - 3))) > size


def test_a_record_that_fits_nowhere_is_our_own_bug() -> None:
    with pytest.raises(LocalError):
        pad(bytes(LARGEST_RECORD + 1))


@given(st.binary(max_size=6000))
@settings(deadline=None)
def test_unpad_undoes_pad(record: bytes) -> None:
    padded = pad(record)
    assert unpad(padded) == record
    assert len(padded) in SIZES


@pytest.mark.parametrize("size", SIZES)
def test_a_larger_size_than_needed_is_accepted(size: int) -> None:
    assert unpad(b"\0\0\0\3abc".ljust(size, b"\0")) == b"abc"


REFUSED = {
    "empty": b"",
    "no room for a length": b"\0\0",
    "a byte less": pad(b"abc")[:-1],
    "a byte more": pad(b"abc") + b"\0",
    "a size between": b"\0\0\0\3abc".ljust(2000, b"\0"),
    "length one too large": (1519).to_bytes(4, "big") + bytes(1518),
    "length of 4 GiB": b"\xff\xff\xff\xff" + bytes(1518),
    "last byte of the padding": pad(b"abc")[:-1] + b"\1",
    "first byte of the padding": b"\0\0\0\3abcd".ljust(1522, b"\0"),
}


@pytest.mark.parametrize("padded", REFUSED.values(), ids=REFUSED.keys())
def test_refused(padded: bytes) -> None:
    with pytest.raises(RemoteError):
        unpad(padded)


@given(st.sampled_from(SIZES), st.integers(0, 40_000), st.binary(max_size=40), st.integers(0, 1521))
@settings(deadline=None)
def test_whatever_unpads_has_no_second_reading(
    size: int, length: int, noise: bytes, at: int
) -> None:
    padded = bytearray(length.to_bytes(4, "big").ljust(size, b"\0"))
    padded[at : at + len(noise)] = noise
    try:
        record = unpad(bytes(padded[:size]))
    except RemoteError:
        return
    assert (len(record).to_bytes(4, "big") + record).ljust(size, b"\0") == padded[:size]
