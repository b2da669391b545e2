"""The handshake written down a second time, straight from docs/protocol.md 2.

The oracle of the vectors and the tool of the forger: each value that an honest program
computes (the bundle, the claimed identity) can be given here instead. Nothing is checked.
"""

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from onionchat.crypto.identity import Identity

L = b"onionchat/1 "


class Sym:
    """2.1: ck, h, and the key k between two messages."""

    def __init__(self, *seen: bytes) -> None:
        suite = b"X25519+ML-KEM-768+ChaCha20Poly1305+SHA256"
        self.ck = self.h = hashlib.sha256(L + suite).digest()
        self.k = b""
        for data in seen:
            self.mix_hash(data)

    def mix_hash(self, x: bytes) -> None:
        framed = b"".join(len(part).to_bytes(4, "big") + part for part in (self.h, x))
        self.h = hashlib.sha256(framed).digest()

    def mix_key(self, ikm: bytes, label: bytes) -> None:
        t = HKDF(SHA256(), 64, salt=self.ck, info=L + label).derive(ikm)
        self.ck, self.k = t[:32], t[32:]

    def enc(self, p: bytes) -> bytes:
        c = ChaCha20Poly1305(self.k).encrypt(bytes(12), p, self.h)
        self.mix_hash(c)
        return c

    def dec(self, c: bytes) -> bytes:
        p = ChaCha20Poly1305(self.k).decrypt(bytes(12), c, self.h)
        self.mix_hash(c)
        return p

    def split(self) -> dict[str, str]:
        """Every derived value in hex, by its name in the text."""
        session = self._expand(b"session\0", 128)
        channel = self._expand(b"channel\0", 64)
        ad = session[96:]
        sid = hashlib.sha256(L + b"sid\0" + ad).digest()[:16]
        values = {"sk": session[:32], "hka": session[32:64], "nhkb": session[64:96], "ad": ad}
        values |= {"sid": sid, "k_ir": channel[:32], "k_ri": channel[32:]}
        return {name: value.hex() for name, value in values.items()}

    def _expand(self, label: bytes, length: int) -> bytes:
        return HKDFExpand(SHA256(), length, L + label + self.h).derive(self.ck)


def dh(private: X25519PrivateKey | bytes, public: X25519PublicKey | bytes) -> bytes:
    if isinstance(private, bytes):
        private = X25519PrivateKey.from_private_bytes(private)
    if isinstance(public, bytes):
        public = X25519PublicKey.from_public_bytes(public)
    return private.exchange(public)


def public(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


@dataclass
class Offer:
    """R's ephemeral keys, and the bundle that is said to hold them."""

    dh: bytes
    seed: bytes
    id: bytes
    kind: int = 1
    expiry: int = 0
    version: int = 1
    ek: bytes = b""

    @classmethod
    def drawn(cls, random: bytes, kind: int = 1, expiry: int = 0) -> "Offer":
        """From the 112 bytes in the order in which a responder draws them."""
        return cls(random[:32], random[32:96], random[96:112], kind, expiry)

    def parts(self) -> tuple[bytes, bytes, bytes]:
        head = bytes([self.version, self.kind]) + self.id + self.expiry.to_bytes(8, "big")
        return head, public(self.dh), self.ek or self.own_ek()

    def own_ek(self) -> bytes:
        return MLKEM768PrivateKey.from_seed_bytes(self.seed).public_key().public_bytes_raw()

    def bundle(self) -> bytes:
        return b"".join(self.parts())

    def signed(self, owner: Identity) -> bytes:
        return self.bundle() + owner.sign(L + b"bundle\0" + owner.key + self.bundle())


def dial(ephemeral: bytes, peer: Identity) -> tuple[Sym, bytes]:
    """I before and at M1."""
    sym = Sym(peer.key, public(ephemeral))
    sym.mix_key(dh(ephemeral, peer.x25519().public_key()), b"es")
    return sym, b"\1\1" + public(ephemeral)


def answer(m1: bytes, me: Identity, offer: Offer) -> tuple[Sym, bytes]:
    """R from M1 to M2."""
    sym = Sym(me.key, m1[2:])
    sym.mix_key(dh(me.x25519(), m1[2:]), b"es")
    head, dh_public, ek = offer.parts()
    sym.mix_hash(dh_public)
    sym.mix_key(dh(offer.dh, m1[2:]), b"ee")
    return sym, b"\1\2" + dh_public + sym.enc(head + ek)


def read_m2(sym: Sym, ephemeral: bytes, m2: bytes) -> tuple[bytes, bytes]:
    """I at M2: eR and ekR."""
    sym.mix_hash(m2[2:34])
    sym.mix_key(dh(ephemeral, m2[2:34]), b"ee")
    return m2[2:34], sym.dec(m2[34:])[26:]


def introduce(
    sym: Sym, offered: tuple[bytes, bytes], claim: bytes, private: X25519PrivateKey
) -> bytes:
    """I, or whoever says to be `claim`: the end of M3 and of M3'."""
    dh_public, ek = offered
    ss, ct = MLKEM768PublicKey.from_public_bytes(ek).encapsulate()
    sym.mix_hash(ct)
    sym.mix_key(ss, b"kem")
    sealed = sym.enc(claim)
    sym.mix_key(dh(private, dh_public), b"se")
    return ct + sealed


def m3(
    ephemeral: bytes, peer: Identity, m2: bytes, claim: bytes, private: X25519PrivateKey
) -> tuple[Sym, bytes]:
    """I from the start to M3."""
    sym, _ = dial(ephemeral, peer)
    return sym, b"\1\3" + introduce(sym, read_m2(sym, ephemeral, m2), claim, private)


def deposit(
    ephemeral: bytes, peer: Identity, offer: Offer, claim: bytes, private: X25519PrivateKey
) -> tuple[Sym, bytes]:
    """2.4: M3' for this offer."""
    sym, m1 = dial(ephemeral, peer)
    sym.mix_hash(offer.bundle())
    _, dh_public, ek = offer.parts()
    sym.mix_key(dh(ephemeral, dh_public), b"ee")
    end = introduce(sym, (dh_public, ek), claim, private)
    return sym, b"\1\4" + offer.id + m1[2:] + end
