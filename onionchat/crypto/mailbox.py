"""M3': a handshake with somebody who is not there, from a bundle they have published.

    01 04 | bundle id[16] | eI[32] | ct[1088] | enc(A)[48]                  1186 bytes

The same key schedule as the live one with the signed bundle in the place of M2, without
channel keys. A replay gives the same session; the receiver never creates a session twice.
"""

import secrets

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from onionchat.crypto import bundle as bundles
from onionchat.crypto.bundle import Bundle
from onionchat.crypto.handshake import Rand, identify, introduce, own_bundle
from onionchat.crypto.identity import Identity, exchange, image
from onionchat.crypto.secret import Secret
from onionchat.crypto.session_secrets import SessionSecrets
from onionchat.crypto.transcript import Transcript
from onionchat.errors import RemoteError
from onionchat.types import IdentityKey

M3_MAILBOX = b"\x01\x04"
SIZE = 1186


class Private(Secret, frozen=True):
    """The private half of a published bundle: guard it like the identity."""

    bundle: Bundle
    dh: bytes
    kem_seed: bytes


def publish(kind: bundles.Kind, expiry: int, rand: Rand = secrets.token_bytes) -> Private:
    """A new bundle. Draws its X25519 key (32), ML-KEM seed (64) and id (16)."""
    dh, seed = rand(32), rand(64)
    return Private(own_bundle(kind, rand(16), expiry, dh, seed), dh, seed)


def deposit(
    me: Identity,
    peer: IdentityKey,
    signed: bytes,
    now: int,
    rand: Rand = secrets.token_bytes,
) -> tuple[bytes, SessionSecrets]:
    """M3' for the owner of this signed bundle, and our session; RemoteError."""
    bundle = bundles.verify(peer, signed, now)
    ephemeral = X25519PrivateKey.from_private_bytes(rand(32))
    public = ephemeral.public_key().public_bytes_raw()
    transcript = _begin(peer, public, bundle)
    transcript.mix_key(exchange(ephemeral, image(peer)), b"es")
    transcript.mix_hash(bundle.encode())
    transcript.mix_key(exchange(ephemeral, bundle.dh), b"ee")
    sealed = introduce(transcript, me, bundle)
    return M3_MAILBOX + bundle.id + public + sealed, transcript.session(peer=(bundle.dh, bundle.ek))


def collect(me: Identity, private: Private, m3: bytes) -> tuple[IdentityKey, SessionSecrets]:
    """Who claims to have left this, and the session if it is true; RemoteError.

    The claim is proven when the first envelope behind M3' opens.
    """
    bundle = private.bundle
    if len(m3) != SIZE or m3[:2] != M3_MAILBOX or m3[2:18] != bundle.id:
        raise RemoteError("a deposit of another kind, version, length or bundle")
    public = m3[18:50]
    transcript = _begin(me.key, public, bundle)
    transcript.mix_key(exchange(me.x25519(), public), b"es")
    transcript.mix_hash(bundle.encode())
    transcript.mix_key(exchange(X25519PrivateKey.from_private_bytes(private.dh), public), b"ee")
    claim = identify(transcript, me, m3[50:], private.dh, private.kem_seed)
    return claim, transcript.session(own=(private.dh, private.kem_seed))


def _begin(owner: IdentityKey, ephemeral: bytes, bundle: Bundle) -> Transcript:
    if bundle.kind is bundles.Kind.LIVE:
        raise RemoteError("a deposit needs a published bundle")
    transcript = Transcript()
    transcript.mix_hash(owner)
    transcript.mix_hash(ephemeral)
    return transcript
