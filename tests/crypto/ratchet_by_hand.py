"""The ratchet written down a second time, straight from docs/protocol.md 4.

The oracle of the vectors, the other end of the machine, and the tool of the forger: any
field of a header can be given instead of the honest one. The names are those of the text.
"""

import copy
import hashlib
import hmac
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from onionchat.crypto.ratchet_errors import Clone, NotMine, Refused, TooFar
from onionchat.crypto.session_secrets import SessionSecrets
from tests.crypto.by_hand import L, dh, public

HEADER = struct.Struct(">BBII32s1184s1088s")


def h(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(struct.pack(">I", len(x)) + x for x in parts)).digest()


def mac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def kdf_rk(rk: bytes, d: bytes, ss: bytes, *context: bytes) -> tuple[bytes, bytes, bytes]:
    t = HKDF(SHA256(), 96, salt=rk, info=L + b"rk\0" + h(*context)).derive(d + ss)
    return t[:32], t[32:64], t[64:]


def aead(key: bytes, info: bytes) -> tuple[ChaCha20Poly1305, bytes]:
    t = HKDFExpand(SHA256(), 44, L + info).derive(key)
    return ChaCha20Poly1305(t[:32]), t[32:]


@dataclass
class ByHand:
    """4.1. `pct` is the ct of the peer's current chain, which 4.6 asks to be remembered;
    `skipped` is oldest first."""

    ad: bytes
    rk: bytes
    nhks: bytes
    nhkr: bytes
    dh: bytes
    seed: bytes
    cks: bytes | None = None
    ckr: bytes | None = None
    hks: bytes | None = None
    hkr: bytes | None = None
    pdh: bytes | None = None
    pek: bytes | None = None
    pct: bytes | None = None
    ct: bytes | None = None
    ns: int = 0
    nr: int = 0
    pn: int = 0
    skipped: dict[tuple[bytes, int], bytes] = field(default_factory=dict)

    @classmethod
    def alice(cls, s: SessionSecrets, own_dh: bytes, seed: bytes) -> "ByHand":
        one = cls(s.ad, s.sk, b"", s.nhkb, own_dh, seed, pdh=s.peer_dh, pek=s.peer_ek, hks=s.hka)
        one._sending_half()
        return one

    @classmethod
    def bob(cls, s: SessionSecrets) -> "ByHand":
        assert s.dh_private is not None
        assert s.kem_seed is not None
        return cls(s.ad, s.sk, s.nhkb, s.hka, s.dh_private, s.kem_seed)

    def copy(self) -> "ByHand":
        return copy.deepcopy(self)

    frozen = copy

    # 4.4

    def say(
        self,
        padded: bytes,
        random: bytes = bytes(32),
        *,
        ver: int = 1,
        flags: int = 0,
        **forged: Any,
    ) -> bytes:
        assert self.cks is not None
        assert self.hks is not None
        honest = {
            "pn": self.pn,
            "n": self.ns,
            "dh": public(self.dh),
            "ek": self._ek(),
            "ct": self.ct,
        }
        fields = honest | forged
        header = HEADER.pack(ver, flags, *(fields[name] for name in ("pn", "n", "dh", "ek", "ct")))
        mk, self.cks = mac(self.cks, b"\1"), mac(self.cks, b"\2")
        self.ns += 1
        salt = mac(mk, L + b"salt\0" + random + padded)[:16]
        cipher, nonce = aead(self.hks, b"hdr\0" + salt)
        eh = salt + cipher.encrypt(nonce, header, self.ad)
        cipher, nonce = aead(mk, b"msg\0" + h(self.ad, eh))
        return eh + cipher.encrypt(nonce, padded, self.ad)

    # 4.5

    def hear(self, wire: bytes) -> bytes:
        """The padded record; whatever is raised leaves this end as it was."""
        trial = self.copy()
        padded = trial._hear(wire)
        self.__dict__.update(trial.__dict__)
        return padded

    def _hear(self, wire: bytes) -> bytes:
        eh, name = wire[:2346], hashlib.sha256(wire[:2346]).digest()
        hk, header = self._open_header(eh)
        ver, flags, pn, n, *keys = HEADER.unpack(header)
        if ver != 1 or flags != 0 or n >= 2**31 or pn >= 2**31:
            raise Refused("header", name)
        if hk == self.hkr and keys != [self.pdh, self.pek, self.pct]:
            raise Clone("chain", name)
        if hk != self.nhkr and (hk != self.hkr or n < self.nr):
            if (hk, n) not in self.skipped:
                raise Clone("number", name)
            return self._open_body(self.skipped.pop((hk, n)), wire, name)
        if hk == self.nhkr:
            if self.ckr is not None:
                self._skip(pn, name)
            self._step(keys)
        self._skip(n, name)
        assert self.ckr is not None
        mk, self.ckr = mac(self.ckr, b"\1"), mac(self.ckr, b"\2")
        self.nr += 1
        return self._open_body(mk, wire, name)

    def _open_header(self, eh: bytes) -> tuple[bytes, bytes]:
        for hk in (self.hkr, self.nhkr, *(key for key, _ in reversed(self.skipped))):
            if hk is not None:
                cipher, nonce = aead(hk, b"hdr\0" + eh[:16])
                try:
                    return hk, cipher.decrypt(nonce, eh[16:], self.ad)
                except InvalidTag:
                    continue
        raise NotMine("none")

    def _open_body(self, mk: bytes, wire: bytes, name: bytes) -> bytes:
        cipher, nonce = aead(mk, b"msg\0" + h(self.ad, wire[:2346]))
        try:
            return cipher.decrypt(nonce, wire[2346:], self.ad)
        except InvalidTag:
            raise Refused("body", name) from None

    def _skip(self, until: int, name: bytes) -> None:
        assert self.ckr is not None
        assert self.hkr is not None
        if until - self.nr > 1000:
            raise TooFar("jump", name)
        while self.nr < until:
            self.skipped[self.hkr, self.nr] = mac(self.ckr, b"\1")
            self.ckr = mac(self.ckr, b"\2")
            self.nr += 1

    def _step(self, keys: list[bytes]) -> None:
        self.pn, self.ns, self.nr = self.ns, 0, 0
        self.hks, self.hkr = self.nhks, self.nhkr
        self.pdh, self.pek, self.pct = keys
        ss = MLKEM768PrivateKey.from_seed_bytes(self.seed).decapsulate(self.pct)
        context = (self.pdh, public(self.dh), self._ek(), self.pct)
        self.rk, self.ckr, self.nhkr = kdf_rk(self.rk, dh(self.dh, self.pdh), ss, *context)
        self.dh = X25519PrivateKey.generate().private_bytes_raw()
        self.seed = MLKEM768PrivateKey.generate().private_bytes_raw()
        self._sending_half()

    def _sending_half(self) -> None:
        assert self.pdh is not None
        assert self.pek is not None
        ss, self.ct = MLKEM768PublicKey.from_public_bytes(self.pek).encapsulate()
        context = (public(self.dh), self.pdh, self.pek, self.ct)
        self.rk, self.cks, self.nhks = kdf_rk(self.rk, dh(self.dh, self.pdh), ss, *context)

    def _ek(self) -> bytes:
        return MLKEM768PrivateKey.from_seed_bytes(self.seed).public_key().public_bytes_raw()
