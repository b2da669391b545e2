import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from onionchat.crypto.ed25519_point import is_valid_key, montgomery
from tests.crypto import curve

SEEDS = st.binary(min_size=32, max_size=32)


def public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def scalar(seed: bytes) -> int:
    low = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return low & (2**254 - 8) | 2**254


@given(SEEDS)
@settings(deadline=None, max_examples=25)
def test_every_honest_key_is_valid_and_so_is_its_negative(seed: bytes) -> None:
    key = public(seed)
    assert is_valid_key(key)
    assert is_valid_key(key[:31] + bytes([key[31] ^ 0x80]))


@given(SEEDS)
@settings(deadline=None, max_examples=25)
def test_the_image_is_the_x25519_key_of_the_same_scalar(seed: bytes) -> None:
    private = X25519PrivateKey.from_private_bytes(hashlib.sha512(seed).digest()[:32])
    assert montgomery(public(seed)) == private.public_key().public_bytes_raw()


def test_the_image_does_not_know_the_sign() -> None:
    key = public(bytes(32))
    assert montgomery(key[:31] + bytes([key[31] ^ 0x80])) == montgomery(key)


@given(SEEDS, st.integers(1, 7))
@settings(deadline=None, max_examples=15)
def test_a_key_with_a_part_of_small_order_is_refused(seed: bytes, index: int) -> None:
    point = curve.times(scalar(seed), curve.BASE)
    assert is_valid_key(curve.encode(point))
    assert not is_valid_key(curve.encode(curve.add(point, curve.torsion()[index])))


def test_the_eight_points_of_small_order_are_refused() -> None:
    points = {curve.encode(point) for point in curve.torsion()}
    assert len(points) == 8
    assert not any(map(is_valid_key, points))


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("excess", range(19))
def test_a_y_that_is_not_reduced_is_refused(excess: int, sign: int) -> None:
    """Refused twice over: the points with y < 19 happen to have no prime order either."""
    assert not is_valid_key(curve.raw(curve.P + excess, sign))


@pytest.mark.parametrize("y", [1, curve.P - 1])
def test_minus_zero_is_refused(y: int) -> None:
    assert not is_valid_key(curve.raw(y, 1))


@given(st.integers(0, curve.P - 1), st.integers(0, 1))
@example(2, 0)
@settings(deadline=None, max_examples=40)
def test_what_is_not_on_the_curve_is_refused(y: int, sign: int) -> None:
    if not curve.is_on_curve(y):
        assert not is_valid_key(curve.raw(y, sign))


@given(st.integers(0, curve.P - 1))
@settings(deadline=None, max_examples=40)
def test_the_verdict_is_that_of_the_textbook(y: int) -> None:
    assert is_valid_key(curve.raw(y)) == (curve.is_on_curve(y) and curve.is_prime_order(y))


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_another_length_is_refused(size: int) -> None:
    assert not is_valid_key(public(bytes(32)).ljust(size, b"\0")[:size])
