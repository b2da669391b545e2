import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st

from onionchat.errors import LocalError, RemoteError
from onionchat.protocol.framing import LARGEST_PAYLOAD, Kind, Opener, Sealer, frame_length

KEY = bytes(range(32))
BIG = {Kind.ENVELOPE, Kind.BULK}


def raw(size_class: int, plaintext: bytes, counter: int = 0) -> bytes:
    """A frame around any plaintext, made without the code under test."""
    nonce = bytes(4) + counter.to_bytes(8, "big")
    ad = bytes([size_class])
    padded = plaintext.ljust(488 * 2**size_class - 17, b"\0")
    return ad + ChaCha20Poly1305(KEY).encrypt(nonce, padded, ad)


def test_bytes() -> None:
    assert Sealer(KEY).seal(Kind.PING, b"abc") == raw(0, b"\3\0\3abc")


def test_the_counter_grows_and_each_frame_is_new() -> None:
    sealer = Sealer(KEY)
    frames = [sealer.seal(Kind.BYE, b"") for _ in range(3)]
    assert frames == [raw(0, b"\6\0\0", counter) for counter in range(3)]


@pytest.mark.parametrize("size_class", range(7))
def test_the_smallest_class_filled_to_the_last_byte(size_class: int) -> None:
    full = bytes(488 * 2**size_class - 20)
    frame = Sealer(KEY).seal(Kind.ENVELOPE, full)
    assert (frame[0], len(frame)) == (size_class, frame_length(size_class))
    assert Opener(KEY).open(frame) == (Kind.ENVELOPE, full)
    if size_class < 6:
        assert Sealer(KEY).seal(Kind.ENVELOPE, full + b"x")[0] == size_class + 1


def test_a_payload_that_fits_nowhere_is_our_own_bug() -> None:
    with pytest.raises(LocalError):
        Sealer(KEY).seal(Kind.ENVELOPE, bytes(LARGEST_PAYLOAD + 1))


@pytest.mark.parametrize("size_class", [7, 8, 255])
def test_no_frame_of_a_higher_class_is_waited_for(size_class: int) -> None:
    with pytest.raises(RemoteError):
        frame_length(size_class)


@given(st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=468)), max_size=5))
@settings(deadline=None)
def test_open_undoes_seal(frames: list[tuple[Kind, bytes]]) -> None:
    sealer, opener = Sealer(KEY), Opener(KEY)
    assert [opener.open(sealer.seal(*frame)) for frame in frames] == frames


def test_an_envelope_is_taken_in_a_larger_class_than_it_needs() -> None:
    assert Opener(KEY).open(raw(6, b"\1\0\1x")) == (Kind.ENVELOPE, b"x")


def test_lost_repeated_and_swapped_frames_do_not_open() -> None:
    first, second = raw(0, b"\3\0\0"), raw(0, b"\3\0\0", 1)
    for frames in ([second], [first, first], [first, raw(0, b"\3\0\0", 2)]):
        opener = Opener(KEY)
        with pytest.raises(RemoteError):
            [opener.open(frame) for frame in frames]


def test_every_byte_of_a_frame_counts() -> None:
    frame = Sealer(KEY).seal(Kind.ENVELOPE, bytes(3884))
    assert len(frame) == 3904
    for at in range(len(frame)):
        flipped = bytearray(frame)
        flipped[at] ^= 1 << at % 8
        with pytest.raises(RemoteError):
            Opener(KEY).open(bytes(flipped))


REFUSED = {
    "type 0": raw(0, b""),
    "type 7": raw(0, b"\7\0\0"),
    "type 255": raw(0, b"\xff\0\0"),
    "hello of class 1": raw(1, b"\2\0\0"),
    "ping of class 1": raw(1, b"\3\0\0"),
    "pong of class 6": raw(6, b"\4\0\0"),
    "bye of class 1": raw(1, b"\6\0\0"),
    "a length one too large": raw(0, b"\1\x01\xd5"),
    "a length of 64 KiB": raw(0, b"\1\xff\xff"),
    "padding not zero at its end": raw(0, b"\1\0\0".ljust(470, b"\0") + b"\1"),
    "padding not zero at its start": raw(0, b"\1\0\1xy"),
    "nothing inside": b"\0" + bytes(487),
    "the class of another frame": b"\1" + raw(0, b"\1\0\0")[1:],
}


@pytest.mark.parametrize("frame", REFUSED.values(), ids=REFUSED.keys())
def test_refused(frame: bytes) -> None:
    with pytest.raises(RemoteError):
        Opener(KEY).open(frame)


@given(st.integers(0, 2), st.binary(max_size=40), st.binary(max_size=40))
@settings(deadline=None)
def test_whatever_opens_has_no_second_reading(size_class: int, start: bytes, end: bytes) -> None:
    plaintext = start.ljust(488 * 2**size_class - 17 - len(end), b"\0") + end
    try:
        kind, payload = Opener(KEY).open(raw(size_class, plaintext))
    except RemoteError:
        return
    assert size_class == 0 or kind in BIG
    assert (
        bytes([kind]) + len(payload).to_bytes(2, "big") + payload == plaintext[: 3 + len(payload)]
    )
    assert not any(plaintext[3 + len(payload) :])
