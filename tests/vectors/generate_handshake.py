"""Writes handshake.json and mailbox.json with the handshake `by_hand`.

The randomness of ML-KEM's encapsulation can't be injected with the library in use, so M3
and M3' differ at each run. Their vectors are for the side that reads them: from the seed,
the randomness and the messages that are given, R computes these very keys.
"""

from typing import Any

from onionchat.crypto.identity import Identity
from tests.crypto import by_hand
from tests.crypto.by_hand import Offer
from tests.crypto.people import ALICE, BOB, CAROL
from tests.vectors import save

RANDOM_I = bytes(range(100, 132))
RANDOM_R = bytes(range(112))
OFFER = Offer.drawn(RANDOM_R)
EXPIRY = 2_000_000_000
IDENTITY_POINT = b"\1".ljust(32, b"\0")


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def unreduced(offer: Offer) -> bytes:
    """ekR with 3329 as its first coefficient."""
    ek = offer.own_ek()
    return bytes([3329 & 255, ek[1] & 0xF0 | 3329 >> 8]) + ek[2:]


def refusals(common: dict[str, Any], field: str, cases: dict[str, bytes]) -> list[dict[str, Any]]:
    return [
        {"name": name, **common, field: data.hex(), "refused": "RemoteError"}
        for name, data in cases.items()
    ]


def handshake(name: str, initiator: Identity, responder: Identity) -> dict[str, Any]:
    _, m1 = by_hand.dial(RANDOM_I, responder)
    _, m2 = by_hand.answer(m1, responder, OFFER)
    sym, m3 = by_hand.m3(RANDOM_I, responder, m2, initiator.key, initiator.x25519())
    return {
        "name": name,
        "initiator_seed": initiator.seed.hex(),
        "initiator_key": initiator.key.hex(),
        "responder_seed": responder.seed.hex(),
        "initiator_random": RANDOM_I.hex(),
        "responder_random": RANDOM_R.hex(),
        "m1": m1.hex(),
        "m2": m2.hex(),
        "m3": m3.hex(),
        "keys": sym.split(),
    }


def bad_m1(m1: bytes) -> list[dict[str, Any]]:
    return refusals(
        {"responder_seed": BOB.seed.hex()},
        "m1",
        {
            "version": b"\2" + m1[1:],
            "kind": b"\1\2" + m1[2:],
            "short": m1[:-1],
            "long": m1 + b"\0",
            "eI = 0": b"\1\1" + bytes(32),
            "eI = 1": b"\1\1" + IDENTITY_POINT,
        },
    )


def bad_m2(m1: bytes, m2: bytes) -> list[dict[str, Any]]:
    def forged(**changes: Any) -> bytes:
        return by_hand.answer(m1, BOB, Offer(OFFER.dh, OFFER.seed, OFFER.id, **changes))[1]

    return refusals(
        {
            "initiator_seed": ALICE.seed.hex(),
            "responder_key": BOB.key.hex(),
            "initiator_random": RANDOM_I.hex(),
        },
        "m2",
        {
            "version": b"\2" + m2[1:],
            "kind": b"\1\3" + m2[2:],
            "short": m2[:-1],
            "long": m2 + b"\0",
            "eR = 0": b"\1\2" + bytes(32) + m2[34:],
            "eR flipped": flipped(m2, 2),
            "sealed bundle flipped": flipped(m2, 700),
            "tag flipped": flipped(m2, 1259),
            "of somebody else": by_hand.answer(m1, CAROL, OFFER)[1],
            "bundle of version 2": forged(version=2),
            "one-time bundle": forged(kind=2, expiry=EXPIRY),
            "last-resort bundle": forged(kind=3, expiry=EXPIRY),
            "bundle of kind 0": forged(kind=0),
            "ekR that is not reduced": forged(ek=unreduced(OFFER)),
        },
    )


def bad_m3(m1: bytes, m2: bytes, m3: bytes) -> list[dict[str, Any]]:
    def claiming(key: bytes) -> bytes:
        return by_hand.m3(RANDOM_I, BOB, m2, key, ALICE.x25519())[1]

    return refusals(
        {
            "responder_seed": BOB.seed.hex(),
            "responder_random": RANDOM_R.hex(),
            "m1": m1.hex(),
        },
        "m3",
        {
            "version": b"\2" + m3[1:],
            "kind": b"\1\2" + m3[2:],
            "short": m3[:-1],
            "long": m3 + b"\0",
            "ct flipped": flipped(m3, 2),
            "sealed identity flipped": flipped(m3, 1090),
            "tag flipped": flipped(m3, 1137),
            "another handshake's": by_hand.m3(b"\7" * 32, BOB, m2_for(b"\7" * 32), *own(ALICE))[1],
            "A is B": claiming(BOB.key),
            "A is the identity point": claiming(IDENTITY_POINT),
            "A is of order 4": claiming(bytes(32)),
            "A is not reduced": claiming(b"\xee" + b"\xff" * 30 + b"\x7f"),
            "A is not on the curve": claiming(b"\2".ljust(32, b"\0")),
        },
    )


def m2_for(ephemeral: bytes) -> bytes:
    return by_hand.answer(by_hand.dial(ephemeral, BOB)[1], BOB, OFFER)[1]


def own(me: Identity) -> tuple[Any, Any]:
    return me.key, me.x25519()


def live() -> dict[str, Any]:
    first = handshake("Alice dials Bob", ALICE, BOB)
    m1, m2, m3 = (bytes.fromhex(first[name]) for name in ("m1", "m2", "m3"))
    return {
        "about": "Handshakes (docs/protocol.md 2). initiator_random: eI's private key; "
        "responder_random: eR's private key (32), ML-KEM seed (64), bundle id (16). "
        "M3 is an input: given it, R computes `keys`.",
        "handshakes": [first, handshake("Bob dials Carol", BOB, CAROL)],
        "m1": bad_m1(m1),
        "m2": bad_m2(m1, m2),
        "m3": bad_m3(m1, m2, m3),
    }


def left(name: str, kind: int) -> dict[str, Any]:
    offer = Offer.drawn(RANDOM_R, kind, EXPIRY)
    sym, m3 = by_hand.deposit(RANDOM_I, BOB, offer, *own(ALICE))
    keys = sym.split()
    del keys["k_ir"], keys["k_ri"]
    return {
        "name": name,
        "owner_seed": BOB.seed.hex(),
        "owner_random": RANDOM_R.hex(),
        "kind": kind,
        "expiry": EXPIRY,
        "signed_bundle": offer.signed(BOB).hex(),
        "sender_key": ALICE.key.hex(),
        "m3": m3.hex(),
        "keys": keys,
    }


def bad_bundles() -> list[dict[str, Any]]:
    def signed(kind: int, expiry: int, **changes: Any) -> bytes:
        return Offer(OFFER.dh, OFFER.seed, OFFER.id, kind, expiry, **changes).signed(BOB)

    good = signed(2, EXPIRY)
    return refusals(
        {"owner_key": BOB.key.hex(), "now": EXPIRY - 1},
        "signed_bundle",
        {
            "short": good[:-1],
            "long": good + b"\0",
            "without a signature": good[:1242],
            "empty": b"",
            "live": signed(1, EXPIRY),
            "kind 4": signed(4, EXPIRY),
            "version 2": signed(2, EXPIRY, version=2),
            "expires now": signed(2, EXPIRY - 1),
            "expiry out of range": signed(2, 2**53),
            "signed by somebody else": Offer.drawn(RANDOM_R, 2, EXPIRY).signed(CAROL),
            "signature flipped": flipped(good, 1305),
            "id flipped": flipped(good, 2),
            "eR flipped": flipped(good, 30),
            "ekR that is not reduced": signed(2, EXPIRY, ek=unreduced(OFFER)),
        },
    )


def bad_deposits() -> list[dict[str, Any]]:
    offer = Offer.drawn(RANDOM_R, 2, EXPIRY)

    def claiming(key: bytes) -> bytes:
        return by_hand.deposit(RANDOM_I, BOB, offer, key, ALICE.x25519())[1]

    m3 = claiming(ALICE.key)
    return refusals(
        {
            "owner_seed": BOB.seed.hex(),
            "owner_random": RANDOM_R.hex(),
            "kind": 2,
            "expiry": EXPIRY,
        },
        "m3",
        {
            "short": m3[:-1],
            "long": m3 + b"\0",
            "version": b"\2" + m3[1:],
            "kind": b"\1\3" + m3[2:],
            "for another bundle": flipped(m3, 2),
            "eI = 0": m3[:18] + bytes(32) + m3[50:],
            "ct flipped": flipped(m3, 50),
            "tag flipped": flipped(m3, 1185),
            "A is B": claiming(BOB.key),
            "A is the identity point": claiming(IDENTITY_POINT),
        },
    )


def mailbox() -> dict[str, Any]:
    return {
        "about": "Deposits in a mailbox (docs/protocol.md 2.4). owner_random: eR's private key "
        "(32), ML-KEM seed (64), bundle id (16). Times in Unix seconds.",
        "deposits": [left("one-time", 2), left("last resort", 3)],
        "bundles": bad_bundles(),
        "m3": bad_deposits(),
    }


if __name__ == "__main__":
    save("handshake", live())
    save("mailbox", mailbox())
