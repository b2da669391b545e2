import pytest

from onionchat.crypto import kem
from onionchat.errors import RemoteError

SEED = bytes(range(64))
EK = kem.private_key(SEED).public_key().public_bytes_raw()


def with_coefficient(index: int, value: int) -> bytes:
    """EK with one of its 768 coefficients, 12 bits each, replaced."""
    at, shift = index // 2 * 3, index % 2 * 12
    pair = int.from_bytes(EK[at : at + 3], "little") & ~(0xFFF << shift) | value << shift
    return EK[:at] + pair.to_bytes(3, "little") + EK[at + 3 :]


def test_both_sides_agree() -> None:
    ciphertext, secret = kem.encapsulate(EK)
    assert (len(EK), len(ciphertext), len(secret)) == (kem.PUBLIC, kem.CIPHERTEXT, 32)
    assert kem.private_key(SEED).decapsulate(ciphertext) == secret


@pytest.mark.parametrize("index", [0, 1, 255, 256, 511, 512, 766, 767])
def test_the_modulus_check(index: int) -> None:
    """FIPS 203, 7.2. The library does it; this turns red when it stops."""
    kem.encapsulate(with_coefficient(index, 3328))
    for value in (3329, 4095):
        with pytest.raises(RemoteError):
            kem.encapsulate(with_coefficient(index, value))


@pytest.mark.parametrize("key", [b"", EK[:-1], EK + b"\0"])
def test_a_key_of_another_length_is_refused(key: bytes) -> None:
    with pytest.raises(RemoteError):
        kem.encapsulate(key)


def test_a_changed_ciphertext_gives_another_secret_and_no_error() -> None:
    ciphertext, secret = kem.encapsulate(EK)
    changed = bytes([ciphertext[0] ^ 1]) + ciphertext[1:]
    assert kem.private_key(SEED).decapsulate(changed) != secret
