"""What is refused leaves no trace: not a bit of the state, not a key."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onionchat.crypto import envelope, kem, ratchet
from onionchat.crypto.header import Header
from onionchat.crypto.ratchet import OVERHEAD
from onionchat.crypto.ratchet_errors import NotMine, Refused
from onionchat.crypto.ratchet_limits import NUMBERS
from onionchat.errors import RemoteError
from tests.crypto.ratchet_pair import End, forged, pair, refuses, talking


def begins_a_chain(alice: End, bob: End) -> bytes:
    return alice.say(b"precious")


def continues_a_chain(alice: End, bob: End) -> bytes:
    bob.hear(alice.say(b"begins it"))
    return alice.say(b"precious")


def was_overtaken(alice: End, bob: End) -> bytes:
    wire = alice.say(b"precious")
    bob.hear(alice.say(b"overtakes"))
    return wire


def is_of_a_past_chain(alice: End, bob: End) -> bytes:
    wire = was_overtaken(alice, bob)
    alice.hear(bob.say(b"step"))
    bob.hear(alice.say(b"next chain"))
    return wire


@pytest.mark.parametrize(
    "said", [begins_a_chain, continues_a_chain, was_overtaken, is_of_a_past_chain]
)
def test_a_flipped_bit_burns_no_key(said: Callable[[End, End], bytes]) -> None:
    alice, bob = talking()
    wire = said(alice, bob)
    for at in (*range(0, envelope.SEALED_HEADER, 37), *range(envelope.SEALED_HEADER, len(wire))):
        flipped = wire[:at] + bytes([wire[at] ^ 1 << at % 8]) + wire[at + 1 :]
        refuses(bob, flipped, Refused if at >= envelope.SEALED_HEADER else NotMine)
    assert bob.hear(wire).padded == b"precious"
    refuses(bob, wire, RemoteError)


@pytest.mark.parametrize("size", [0, OVERHEAD - 1, OVERHEAD])
def test_a_cut_envelope_burns_no_key(size: int) -> None:
    alice, bob = talking()
    wire = continues_a_chain(alice, bob)
    refuses(bob, wire[:size], Refused if size == OVERHEAD else RemoteError)
    assert bob.hear(wire).padded == b"precious"


def test_what_is_shorter_than_a_header_names_nothing() -> None:
    with pytest.raises(RemoteError):
        ratchet.digest(bytes(OVERHEAD - 1))
    assert ratchet.digest(bytes(OVERHEAD)) == ratchet.digest(bytes(OVERHEAD + 9))


def test_another_session_is_not_mine() -> None:
    _alice, bob = talking()
    stranger, _ = talking()
    refuses(bob, stranger.say(b"hello"), NotMine)


@given(st.binary(min_size=OVERHEAD, max_size=OVERHEAD + 40))
def test_random_bytes_are_nobodys(wire: bytes) -> None:
    refuses(BOB_WHO_WAITS, wire, NotMine)


_, BOB_WHO_WAITS = talking()


# A header that is the peer's own and breaks a rule


@pytest.mark.parametrize("field", ["n", "pn"])
def test_a_number_out_of_range_is_refused(field: str) -> None:
    alice, bob = talking()
    refuses(bob, forged(alice, **{field: NUMBERS}), Refused)


@pytest.mark.parametrize("at", [0, 1], ids=["version", "flags"])
def test_another_version_or_a_flag_is_refused(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = talking()
    encode = Header.encode

    def changed(header: Header) -> bytes:
        plain = bytearray(encode(header))
        plain[at] ^= 2
        return bytes(plain)

    monkeypatch.setattr(Header, "encode", changed)
    refuses(bob, forged(alice), Refused)


@pytest.mark.parametrize("dh", [bytes(32), b"\1".ljust(32, b"\0")], ids=["0", "1"])
def test_an_all_zero_exchange_is_refused(dh: bytes) -> None:
    alice, bob = pair()
    refuses(bob, forged(alice, dh=dh), Refused)


def test_a_kem_key_that_fails_the_modulus_check_is_refused() -> None:
    """The body opens all the same: the key would only be used for the answer."""
    alice, bob = pair()
    refuses(bob, forged(alice, ek=b"\xff" * kem.PUBLIC), Refused)


def test_a_wrong_ciphertext_is_a_body_that_does_not_open() -> None:
    alice, bob = pair()
    refused = refuses(bob, forged(alice, ct=bytes(kem.CIPHERTEXT)), Refused)
    assert str(refused) == str(refuses(bob, alice.say(b"text")[:-1] + b"x", Refused))
