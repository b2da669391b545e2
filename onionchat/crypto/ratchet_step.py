"""A step of the ratchet: new keys on both sides of the root, from X25519 and ML-KEM at once.

Each half mixes one Diffie-Hellman and one encapsulated secret into the root key, bound to
the public values that made them (KDF_RK, docs/protocol.md 4.2). A recorded conversation
stays closed to a quantum computer, and a stolen state heals within one round trip.

A ciphertext that was tampered with gives another secret and no error, by ML-KEM's design:
the body behind it does not open, and nothing here may tell that case apart.
"""

from onionchat.crypto import kdf, kem
from onionchat.crypto.header import Header
from onionchat.crypto.identity import exchange
from onionchat.crypto.ratchet_chain import ReceivingChain, SendingChain
from onionchat.crypto.ratchet_state import OwnKeys, Root

_Mixed = tuple[bytes, bytes, bytes]
"""The new root key, the chain key and the next header key."""


def begin_receiving(root: Root, header: Header) -> tuple[bytes, bytes, ReceivingChain]:
    """The root key, the next header key and the peer's new chain; RemoteError."""
    own = root.own
    secret = exchange(own.x25519, header.dh) + own.mlkem.decapsulate(header.ct)
    context = kdf.digest(header.dh, own.dh_public, own.ek, header.ct)
    rk, ck, nhkr = _mix(root.rk, secret, context)
    return rk, nhkr, ReceivingChain(ck, root.nhkr, 0, header.keys_digest)


def begin_sending(
    rk: bytes, own: OwnKeys, peer_dh: bytes, peer_ek: bytes, hk: bytes
) -> tuple[bytes, bytes, SendingChain]:
    """The root key, the next header key and our new chain; RemoteError for a bad key."""
    ct, shared = kem.encapsulate(peer_ek)
    secret = exchange(own.x25519, peer_dh) + shared
    context = kdf.digest(own.dh_public, peer_dh, peer_ek, ct)
    rk, ck, nhks = _mix(rk, secret, context)
    return rk, nhks, SendingChain(ck, hk, 0, own.dh_public + own.ek + ct)


def _mix(rk: bytes, secret: bytes, context: bytes) -> _Mixed:
    keys = kdf.derive(rk, secret, kdf.LABEL + b"rk\0" + context, 96)
    return keys[:32], keys[32:64], keys[64:]
