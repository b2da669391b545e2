"""The handshake of every connection: Noise XK's pattern with a KEM beside it.

    M1  I->R    34 B   01 01 | eI                      es
    M2  R->I  1260 B   01 02 | eR | enc(bundle)        ee
    M3  I->R  1138 B   01 03 | ct | enc(A)             kem, se

The responder's identity is known beforehand and proven by M2. The initiator's is only
*claimed* by M3: `se` enters nothing but the derived keys, so it is proven when the first
frame of the channel opens. Until then the caller writes nothing and answers nothing.

Each object serves one connection; after an error it refuses everything. Randomness is
drawn in this order, so that vectors can inject it: I: eI private (32); R: eR private (32),
ML-KEM seed (64), bundle id (16). The encapsulation's own randomness stays the library's.
"""

import secrets
from collections.abc import Callable, Iterator

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from onionchat.crypto import kem
from onionchat.crypto.bundle import Bundle, Kind
from onionchat.crypto.ed25519_point import is_valid_key
from onionchat.crypto.identity import Identity, exchange, image
from onionchat.crypto.secret import Secret
from onionchat.crypto.session_secrets import SessionSecrets
from onionchat.crypto.transcript import Transcript
from onionchat.errors import LocalError, RemoteError
from onionchat.types import IdentityKey

Rand = Callable[[int], bytes]

M1, M2, M3 = b"\x01\x01", b"\x01\x02", b"\x01\x03"
M1_SIZE, M2_SIZE, M3_SIZE = 34, 1260, 1138


class Secrets(Secret, frozen=True):
    """What both sides share: the session's keys, and the channel's in each direction."""

    session: SessionSecrets
    k_ir: bytes
    k_ri: bytes


class Initiator:
    """Who dials, and knows whom."""

    def __init__(self, me: Identity, peer: IdentityKey, rand: Rand = secrets.token_bytes) -> None:
        self._me = me
        self._peer = peer
        self._rand = rand
        self._steps = iter(("m1", "m3"))
        self._transcript = Transcript()

    def m1(self) -> bytes:
        """The first message, 34 bytes."""
        _next(self._steps, "m1")
        self._ephemeral = X25519PrivateKey.from_private_bytes(self._rand(32))
        public = self._ephemeral.public_key().public_bytes_raw()
        self._transcript.mix_hash(self._peer)
        self._transcript.mix_hash(public)
        self._transcript.mix_key(exchange(self._ephemeral, image(self._peer)), b"es")
        return M1 + public

    def m3(self, m2: bytes) -> tuple[bytes, Secrets]:
        """The answer to M2, 1138 bytes, and what is shared now; RemoteError."""
        _next(self._steps, "m3")
        _expect(m2, M2, M2_SIZE)
        peer_dh = m2[2:34]
        self._transcript.mix_hash(peer_dh)
        self._transcript.mix_key(exchange(self._ephemeral, peer_dh), b"ee")
        bundle = Bundle.with_dh(self._transcript.open(m2[34:]), peer_dh)
        if bundle.kind is not Kind.LIVE:
            raise RemoteError("M2 carries a bundle that is not live")
        sealed = introduce(self._transcript, self._me, bundle)
        return M3 + sealed, _secrets(self._transcript, peer=(bundle.dh, bundle.ek))


class Responder:
    """Who answers, and learns from whom."""

    def __init__(self, me: Identity, rand: Rand = secrets.token_bytes) -> None:
        self._me = me
        self._rand = rand
        self._steps = iter(("m2", "finish"))
        self._transcript = Transcript()

    def m2(self, m1: bytes) -> bytes:
        """The answer to M1, 1260 bytes; RemoteError."""
        _next(self._steps, "m2")
        _expect(m1, M1, M1_SIZE)
        peer_ephemeral = m1[2:]
        self._transcript.mix_hash(self._me.key)
        self._transcript.mix_hash(peer_ephemeral)
        self._transcript.mix_key(exchange(self._me.x25519(), peer_ephemeral), b"es")
        self._dh, self._seed = self._rand(32), self._rand(kem.SEED)
        bundle = own_bundle(Kind.LIVE, self._rand(16), 0, self._dh, self._seed)
        self._transcript.mix_hash(bundle.dh)
        private = X25519PrivateKey.from_private_bytes(self._dh)
        self._transcript.mix_key(exchange(private, peer_ephemeral), b"ee")
        return M2 + bundle.dh + self._transcript.seal(bundle.without_dh())

    def finish(self, m3: bytes) -> tuple[IdentityKey, Secrets]:
        """Who they claim to be, and what is shared if it is true; RemoteError."""
        _next(self._steps, "finish")
        _expect(m3, M3, M3_SIZE)
        claim = identify(self._transcript, self._me, m3[2:], self._dh, self._seed)
        return claim, _secrets(self._transcript, own=(self._dh, self._seed))


def own_bundle(kind: Kind, number: bytes, expiry: int, dh: bytes, seed: bytes) -> Bundle:
    """The bundle of these private keys."""
    public = X25519PrivateKey.from_private_bytes(dh).public_key().public_bytes_raw()
    return Bundle(
        kind, number, expiry, public, kem.private_key(seed).public_key().public_bytes_raw()
    )


def introduce(transcript: Transcript, me: Identity, bundle: Bundle) -> bytes:
    """What M3 and M3' end with: ct | enc(A), and the keys mixed in."""
    ciphertext, secret = kem.encapsulate(bundle.ek)
    transcript.mix_hash(ciphertext)
    transcript.mix_key(secret, b"kem")
    sealed = transcript.seal(me.key)
    transcript.mix_key(exchange(me.x25519(), bundle.dh), b"se")
    return ciphertext + sealed


def identify(
    transcript: Transcript, me: Identity, introduction: bytes, dh: bytes, seed: bytes
) -> IdentityKey:
    """The inverse of `introduce`: whom it names, a valid key that is not ours."""
    ciphertext, sealed = introduction[: kem.CIPHERTEXT], introduction[kem.CIPHERTEXT :]
    transcript.mix_hash(ciphertext)
    transcript.mix_key(kem.private_key(seed).decapsulate(ciphertext), b"kem")
    claim = IdentityKey(transcript.open(sealed))
    if claim == me.key or not is_valid_key(claim):
        raise RemoteError("the initiator names an impossible identity")
    transcript.mix_key(exchange(X25519PrivateKey.from_private_bytes(dh), image(claim)), b"se")
    return claim


def _secrets(
    transcript: Transcript,
    *,
    own: tuple[bytes, bytes] | None = None,
    peer: tuple[bytes, bytes] | None = None,
) -> Secrets:
    return Secrets(transcript.session(own=own, peer=peer), *transcript.channel())


def _next(steps: Iterator[str], step: str) -> None:
    """One way through, once: a message out of turn is our own bug."""
    if next(steps, None) != step:
        raise LocalError(f"the handshake is not at {step}")


def _expect(message: bytes, prefix: bytes, size: int) -> None:
    if len(message) != size or message[:2] != prefix:
        raise RemoteError("a handshake message of another kind, version or length")
