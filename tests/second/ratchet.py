"""Section 4: the double ratchet with header encryption and a KEM in every step."""

import secrets
from dataclasses import dataclass, field, replace

from tests.second.handshake import Keys
from tests.second.primitives import (
    Dh,
    Kem,
    L,
    Refused,
    cut,
    encaps,
    expand,
    h,
    hkdf,
    mac,
    seal,
    unseal,
    valid_ek,
)

HEADER, EH, OVERHEAD = 2314, 2346, 2362
MAX_JUMP = MAX_SKIPPED = 1000
MAX_PAST_KEYS = 64
MAX_CHAIN = 10_000


class NotThisSession(Refused):
    """No header key opens the header."""


class TooFar(Refused):
    """A jump over more than 1000 numbers: the session is broken."""


class Cloned(Refused):
    """Two machines send from one state."""


def _kdf_ck(ck: bytes) -> tuple[bytes, bytes]:
    return mac(ck, b"\x01"), mac(ck, b"\x02")


def _key_nonce(secret: bytes, label: bytes, context: bytes) -> tuple[bytes, bytes]:
    t = expand(secret, L + label + context, 44)
    return t[:32], t[32:]


@dataclass
class Ratchet:
    ad: bytes
    rk: bytes
    dh: Dh
    kem: Kem
    nhks: bytes
    nhkr: bytes
    pdh: bytes = b""
    pek: bytes = b""
    pct: bytes = b""  # the peer's ct of the receiving chain
    hks: bytes = b""
    hkr: bytes = b""
    cks: bytes = b""
    ckr: bytes = b""
    ct: bytes = b""
    ns: int = 0
    nr: int = 0
    pn: int = 0
    skipped: dict[tuple[bytes, int], bytes] = field(default_factory=dict)

    @classmethod
    def alice(cls, keys: Keys) -> "Ratchet":
        assert isinstance(keys.er, bytes)
        assert isinstance(keys.ekr, bytes)
        new = cls(keys.ad, keys.sk, Dh(), Kem(), nhks=b"", nhkr=keys.nhkb)
        new.pdh, new.pek, new.hks = keys.er, keys.ekr, keys.hka
        new._sending_half()
        return new

    @classmethod
    def bob(cls, keys: Keys) -> "Ratchet":
        assert isinstance(keys.er, Dh)
        assert isinstance(keys.ekr, Kem)
        return cls(keys.ad, keys.sk, keys.er, keys.ekr, nhks=keys.nhkb, nhkr=keys.hka)

    @property
    def can_send(self) -> bool:
        return bool(self.cks) and self.ns < MAX_CHAIN

    def _kdf_rk(self, d: bytes, ss: bytes, *context: bytes) -> tuple[bytes, bytes]:
        """Sets rk; the chain key and the next header key."""
        t = hkdf(self.rk, d + ss, L + b"rk\0" + h(*context), 96)
        self.rk, ck, nhk = cut(t)
        return ck, nhk

    def _sending_half(self) -> None:
        ss, self.ct = encaps(self.pek)
        d = self.dh.dh(self.pdh)
        self.cks, self.nhks = self._kdf_rk(d, ss, self.dh.pub, self.pdh, self.pek, self.ct)

    def _step(self, dh: bytes, ek: bytes, ct: bytes) -> None:
        self.pn, self.ns, self.nr = self.ns, 0, 0
        self.hks, self.hkr = self.nhks, self.nhkr
        self.pdh, self.pek, self.pct = dh, ek, ct
        ss, d = self.kem.decaps(ct), self.dh.dh(dh)
        self.ckr, self.nhkr = self._kdf_rk(d, ss, dh, self.dh.pub, self.kem.pub, ct)
        self.dh, self.kem = Dh(), Kem()
        self._sending_half()

    def _skip(self, until: int) -> None:
        if until - self.nr > MAX_JUMP:
            raise TooFar("too far")
        while self.nr < until:
            mk, self.ckr = _kdf_ck(self.ckr)
            self.skipped[self.hkr, self.nr] = mk
            self.nr += 1

    def _trim(self) -> None:
        while len(self.skipped) > MAX_SKIPPED:
            del self.skipped[next(iter(self.skipped))]
        past = [hk for hk in dict.fromkeys(hk for hk, _ in self.skipped) if hk != self.hkr]
        drop = set(past[:-MAX_PAST_KEYS])
        self.skipped = {k: mk for k, mk in self.skipped.items() if k[0] not in drop}

    def encrypt(self, padded: bytes) -> bytes:
        if not self.can_send:
            raise ValueError("cannot send now")
        mk, self.cks = _kdf_ck(self.cks)
        header = b"\x01\x00" + self.pn.to_bytes(4, "big") + self.ns.to_bytes(4, "big")
        header += self.dh.pub + self.kem.pub + self.ct
        salt = mac(mk, L + b"salt\0" + secrets.token_bytes(32) + padded)[:16]
        eh = salt + seal(*_key_nonce(self.hks, b"hdr\0", salt), header, self.ad)
        self.ns += 1
        return eh + seal(*_key_nonce(mk, b"msg\0", h(self.ad, eh)), padded, self.ad)

    def _open_header(self, eh: bytes) -> tuple[bytes, bytes]:
        past = reversed(dict.fromkeys(hk for hk, _ in self.skipped))
        for hk in dict.fromkeys([self.hkr, self.nhkr, *past]):
            if hk:
                try:
                    key, nonce = _key_nonce(hk, b"hdr\0", eh[:16])
                    return hk, unseal(key, nonce, eh[16:], self.ad)
                except Refused:
                    continue
        raise NotThisSession("no header key opens it")

    def decrypt(self, wire: bytes) -> tuple["Ratchet", bytes]:
        """The new state, for the caller to commit, and the padded record."""
        if len(wire) < OVERHEAD:
            raise Refused("too short")
        eh, body = wire[:EH], wire[EH:]
        hk, header = self._open_header(eh)
        pn, n = int.from_bytes(header[2:6], "big"), int.from_bytes(header[6:10], "big")
        dh, ek, ct = header[10:42], header[42:1226], header[1226:]
        if header[:2] != b"\x01\x00" or pn >= 2**31 or n >= 2**31:
            raise Refused("bad header")
        new = replace(self, skipped=dict(self.skipped))
        if hk == self.hkr and (dh, ek, ct) != (self.pdh, self.pek, self.pct):
            raise Cloned("another key in the same chain")
        if hk == self.nhkr:
            if not valid_ek(ek):
                raise Refused("invalid encapsulation key")
            if new.ckr:
                new._skip(pn)
            new._step(dh, ek, ct)
        if hk in (self.hkr, self.nhkr) and n >= new.nr:
            new._skip(n)
            mk, new.ckr = _kdf_ck(new.ckr)
            new.nr += 1
        elif (hk, n) in new.skipped:
            mk = new.skipped.pop((hk, n))
        else:
            raise Cloned("this number was used")
        padded = unseal(*_key_nonce(mk, b"msg\0", h(self.ad, eh)), body, self.ad)
        new._trim()
        return new, padded
