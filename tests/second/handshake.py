"""Section 2: the handshake, without input or output."""

import secrets
from dataclasses import dataclass

from tests.second.keys import Identity, montgomery, valid_key
from tests.second.primitives import (
    Dh,
    Kem,
    L,
    ProtocolError,
    cut,
    encaps,
    expand,
    h,
    hkdf,
    seal,
    sha256,
    unseal,
    valid_ek,
)

M1, M2, M3 = 34, 1260, 1138


@dataclass(frozen=True)
class Keys:
    """What the split gives. The ephemerals of R are pairs on R's side, else only public."""

    sk: bytes
    hka: bytes
    nhkb: bytes
    ad: bytes
    sid: bytes
    k_ir: bytes
    k_ri: bytes
    er: Dh | bytes
    ekr: Kem | bytes


class _Running:
    def __init__(self, responder: bytes) -> None:
        self.ck = self.h = sha256(L + b"X25519+ML-KEM-768+ChaCha20Poly1305+SHA256")
        self.k = b""
        self.mix_hash(responder)

    def mix_hash(self, x: bytes) -> None:
        self.h = h(self.h, x)

    def mix_key(self, ikm: bytes, label: bytes) -> None:
        self.ck, self.k = cut(hkdf(self.ck, ikm, L + label, 64))

    def enc(self, plain: bytes) -> bytes:
        cipher = seal(self.k, bytes(12), plain, self.h)
        self.mix_hash(cipher)
        self.k = b""
        return cipher

    def dec(self, cipher: bytes) -> bytes:
        plain = unseal(self.k, bytes(12), cipher, self.h)
        self.mix_hash(cipher)
        self.k = b""
        return plain

    def split(self, er: Dh | bytes, ekr: Kem | bytes) -> Keys:
        sk, hka, nhkb, ad = cut(expand(self.ck, L + b"session\0" + self.h, 128))
        k_ir, k_ri = cut(expand(self.ck, L + b"channel\0" + self.h, 64))
        sid = sha256(L + b"sid\0" + ad)[:16]
        return Keys(sk, hka, nhkb, ad, sid, k_ir, k_ri, er, ekr)


class Initiator:
    def __init__(self, me: Identity, peer: bytes) -> None:
        self.me, self.peer = me, peer
        self.run, self.e = _Running(peer), Dh()

    def write_m1(self) -> bytes:
        self.run.mix_hash(self.e.pub)
        self.run.mix_key(self.e.dh(montgomery(self.peer)), b"es")
        return b"\x01\x01" + self.e.pub

    def read_m2(self, m2: bytes) -> tuple[bytes, Keys]:
        """M3 and the keys."""
        if len(m2) != M2 or m2[:2] != b"\x01\x02":
            raise ProtocolError("not M2")
        er = m2[2:34]
        self.run.mix_hash(er)
        self.run.mix_key(self.e.dh(er), b"ee")
        bundle = self.run.dec(m2[34:])
        ekr = bundle[26:]
        if bundle[:2] != b"\x01\x01" or not valid_ek(ekr):
            raise ProtocolError("bad bundle")
        ss, ct = encaps(ekr)
        self.run.mix_hash(ct)
        self.run.mix_key(ss, b"kem")
        m3 = b"\x01\x03" + ct + self.run.enc(self.me.key)
        self.run.mix_key(self.me.dh.dh(er), b"se")
        return m3, self.run.split(er, ekr)


class Responder:
    def __init__(self, me: Identity) -> None:
        self.me = me
        self.run, self.e, self.kem = _Running(me.key), Dh(), Kem()

    def read_m1(self, m1: bytes) -> bytes:
        """M2"""
        if len(m1) != M1 or m1[:2] != b"\x01\x01":
            raise ProtocolError("not M1")
        ei = m1[2:]
        self.run.mix_hash(ei)
        self.run.mix_key(self.me.dh.dh(ei), b"es")
        self.run.mix_hash(self.e.pub)
        self.run.mix_key(self.e.dh(ei), b"ee")
        bundle = b"\x01\x01" + secrets.token_bytes(16) + bytes(8) + self.kem.pub
        return b"\x01\x02" + self.e.pub + self.run.enc(bundle)

    def read_m3(self, m3: bytes) -> tuple[bytes, Keys]:
        """The identity that I claims (not proven before a frame opens) and the keys."""
        if len(m3) != M3 or m3[:2] != b"\x01\x03":
            raise ProtocolError("not M3")
        ct = m3[2:1090]
        ss = self.kem.decaps(ct)
        self.run.mix_hash(ct)
        self.run.mix_key(ss, b"kem")
        peer = self.run.dec(m3[1090:])
        if not valid_key(peer) or peer == self.me.key:
            raise ProtocolError("bad identity")
        self.run.mix_key(self.e.dh(montgomery(peer)), b"se")
        return peer, self.run.split(self.e, self.kem)
