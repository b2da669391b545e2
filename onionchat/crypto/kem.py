"""ML-KEM-768 (FIPS 203) as bytes in, bytes out.

A ciphertext that was tampered with is not an error here: decapsulation gives another
secret and what it protects does not open. Nothing may ever treat it specially. A public
key is different: its coefficients must be reduced (FIPS 203, 7.2), which the library checks.
"""

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey

from onionchat.errors import RemoteError

SEED = 64
PUBLIC = 1184
CIPHERTEXT = 1088


def private_key(seed: bytes) -> MLKEM768PrivateKey:
    """`seed`: the 64 bytes d || z."""
    return MLKEM768PrivateKey.from_seed_bytes(seed)


def encapsulate(public: bytes) -> tuple[bytes, bytes]:
    """A 1088-byte ciphertext and its 32-byte secret; RemoteError for an impossible key."""
    try:
        key = MLKEM768PublicKey.from_public_bytes(public)
    except ValueError:
        raise RemoteError("an ML-KEM key that fails the modulus check") from None
    secret, ciphertext = key.encapsulate()
    return ciphertext, secret
