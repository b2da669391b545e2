"""The refused bundles of the vectors are replayed where they are used: test_mailbox.py."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onionchat.crypto.bundle import SIGNED_SIZE, SIZE, Bundle, Kind, sign, verify
from onionchat.errors import LocalError, RemoteError
from tests.crypto.by_hand import Offer
from tests.crypto.people import BOB, CAROL

EXPIRY = 2_000_000_000
BUNDLE = Bundle(Kind.ONE_TIME, b"i" * 16, EXPIRY, b"d" * 32, b"e" * 1184)

BUNDLES = st.builds(
    Bundle,
    st.sampled_from(Kind),
    st.binary(min_size=16, max_size=16),
    st.integers(0, 2**53 - 1),
    st.binary(min_size=32, max_size=32),
    st.just(b"e" * 1184),
)


@given(BUNDLES)
@settings(deadline=None)
def test_decode_undoes_encode(bundle: Bundle) -> None:
    assert len(bundle.encode()) == SIZE
    assert Bundle.decode(bundle.encode()) == bundle
    assert Bundle.with_dh(bundle.without_dh(), bundle.dh) == bundle


def test_bytes() -> None:
    encoded = BUNDLE.encode()
    assert encoded[:26] == b"\1\2" + b"i" * 16 + EXPIRY.to_bytes(8, "big")
    assert encoded[26:] == b"d" * 32 + b"e" * 1184


def test_a_live_bundle_may_hold_any_expiry() -> None:
    """It is ignored, and a peer may fill it with what it likes."""
    live = Bundle(Kind.LIVE, bytes(16), 2**64 - 1, bytes(32), bytes(1184))
    assert Bundle.decode(live.encode()) == live


def test_a_live_bundle_is_never_signed() -> None:
    with pytest.raises(LocalError):
        sign(BOB, Bundle(Kind.LIVE, bytes(16), 0, bytes(32), bytes(1184)))


def test_a_live_bundle_that_somebody_signed_is_refused() -> None:
    signed = Offer.drawn(bytes(112), Kind.LIVE, EXPIRY).signed(BOB)
    with pytest.raises(RemoteError):
        verify(BOB.key, signed, 0)


def test_it_is_good_until_the_second_it_expires_in() -> None:
    signed = sign(BOB, BUNDLE)
    assert len(signed) == SIGNED_SIZE
    assert verify(BOB.key, signed, EXPIRY - 1) == BUNDLE
    with pytest.raises(RemoteError):
        verify(BOB.key, signed, EXPIRY)


def test_the_signature_names_its_owner() -> None:
    with pytest.raises(RemoteError):
        verify(CAROL.key, sign(BOB, BUNDLE), 0)


def test_no_byte_can_change() -> None:
    signed = sign(BOB, BUNDLE)
    for at in range(SIGNED_SIZE):
        bad = signed[:at] + bytes([signed[at] ^ 1 << at % 8]) + signed[at + 1 :]
        with pytest.raises(RemoteError):
            verify(BOB.key, bad, 0)


@given(st.binary(max_size=80))
@settings(deadline=None)
def test_anything_else_is_refused(data: bytes) -> None:
    for signed in (data, sign(BOB, BUNDLE) + data[:1] + b"\0", data.ljust(SIGNED_SIZE, b"\1")):
        with pytest.raises(RemoteError):
            verify(BOB.key, signed, 0)
