"""Write ratchet.json with the ratchet `by_hand`: `python -m tests.vectors.generate_ratchet`.

ML-KEM encapsulation takes its randomness from the library, so a conversation is given for
who reads: Bob's secrets and what Alice sent. Single envelopes are given with the whole
state before them, so that what can be known beforehand is exact on both sides. The bytes
differ each time this runs; what they say about the format does not.
"""

import hashlib
from dataclasses import fields
from typing import Any

from onionchat.crypto.ratchet_errors import Authentic, NotMine
from onionchat.crypto.session_secrets import SessionSecrets
from tests.crypto.ratchet_by_hand import ByHand
from tests.crypto.ratchet_pair import secrets
from tests.vectors import save

ABOUT = (
    "The ratchet (docs/protocol.md 4). `bob`: a session as Bob sees it, from the handshake's keys "
    "and Bob's own (`session`); `arrivals` in order, each with the text inside, or `refused` with "
    "the class: not-mine, refused, too-far, clone, malformed (too short to name anything). Bob "
    "keeps nothing of a refused one, and his own steps are random and enter no result. "
    "`states`: whole states by name, with the names of 4.1; `pct` is the ct of the peer's "
    "current chain (4.6), `skipped` lists hk, n, mk, oldest first. `encrypt`: from a state and 32 "
    "random bytes the exact envelope. `decrypt`: each from its state alone; `after` has what the "
    "envelope alone decides, `skipped` as above."
)
CLASSES = {"NotMine": "not-mine", "Refused": "refused", "TooFar": "too-far", "Clone": "clone"}
AFTER = ("ckr", "hks", "hkr", "nhkr", "nr", "pn")
RANDOM = bytes(range(32))

Values = dict[str, Any]


def plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def skipped(state: ByHand) -> list[list[Any]]:
    return [[hk.hex(), n, mk.hex()] for (hk, n), mk in state.skipped.items()]


def written(state: ByHand) -> Values:
    names = [each.name for each in fields(state) if each.name != "skipped"]
    return {name: plain(getattr(state, name)) for name in names} | {"skipped": skipped(state)}


def flipped(wire: bytes, at: int) -> bytes:
    return wire[:at] + bytes([wire[at] ^ 1]) + wire[at + 1 :]


def heard(name: str, state: str, before: ByHand, wire: bytes) -> Values:
    """What the ratchet `by_hand` makes of it."""
    case = {"name": name, "state": state, "wire": wire.hex()}
    after = before.copy()
    try:
        padded = after.hear(wire)
    except (NotMine, Authentic) as refused:
        return case | {"refused": CLASSES[type(refused).__name__]}
    changes = {each: plain(getattr(after, each)) for each in AFTER} | {"skipped": skipped(after)}
    digest = hashlib.sha256(wire[:2346]).hexdigest()
    return case | {"padded": padded.hex(), "digest": digest, "after": changes}


def conversation(alices: SessionSecrets, bobs: SessionSecrets) -> Values:
    alice, bob = ByHand.alice(alices, bytes(range(32)), bytes(range(64))), ByHand.bob(bobs)
    clone = alice.copy()
    wires = [alice.say(b"text %d" % number) for number in range(4)]
    for _ in range(1001):
        alice.say(b"lost")
    arrivals = []
    for wire in (
        *(wires[0], wires[2], flipped(wires[1], -1), wires[1], clone.say(b"the clone's")),
        *(alice.say(b"far"), flipped(wires[3], 0), wires[3]),
    ):
        arrival = heard("", "", bob, wire)
        if "refused" in arrival:
            arrivals.append({"wire": wire.hex(), "refused": arrival["refused"]})
        else:
            arrivals.append({"wire": wire.hex(), "text": bob.hear(wire).hex()})
    names = ("sk", "hka", "nhkb", "ad", "sid", "dh_private", "kem_seed")
    return {"session": {name: getattr(bobs, name).hex() for name in names}, "arrivals": arrivals}


class Talk:
    """Bob has one envelope missing of a past chain and one of the chain that he receives;
    two more of that chain are on their way, and then Alice has begun a new one."""

    def __init__(self, alices: SessionSecrets, bobs: SessionSecrets) -> None:
        self.alice = ByHand.alice(alices, bytes(range(32)), bytes(range(64)))
        self.bob = ByHand.bob(bobs)
        self.at_first, self.first = self.alice.copy(), self.bob.copy()
        self.past, self.used = self.alice.say(b"past"), self.alice.say(b"came")
        self.bob.hear(self.used)
        self.alice.hear(self.bob.say(b"step"))
        self.overtaken = self.alice.say(b"overtaken")
        self.bob.hear(self.alice.say(b"came"))
        self.in_chain = self.alice.copy()
        self.next, _ = self.alice.say(b"next"), self.alice.say(b"lost")
        self.ahead = self.alice.say(b"ahead")
        self.alice.hear(self.bob.say(b"step"))


def decrypting(talk: Talk) -> list[Values]:
    def first(**forged: Any) -> bytes:
        return talk.at_first.copy().say(b"forged", **forged)

    def within(**forged: Any) -> bytes:
        return talk.in_chain.copy().say(b"forged", **forged)

    def begun(**forged: Any) -> bytes:
        return talk.alice.copy().say(b"forged", **forged)

    fine, third = first(), talk.alice.copy()
    for _ in range(2):
        third.say(b"lost")
    at_first = {
        "first envelope": fine,
        "number 1000": first(n=1000),
        "number 1001": first(n=1001),
        "pn without a former chain": first(pn=2**31 - 1),
        "version 2": first(ver=2),
        "a flag": first(flags=1),
        "n of 2^31": first(n=2**31),
        "pn of 2^31": first(pn=2**31),
        "another ct": first(ct=bytes(1088)),
        "salt flipped": flipped(fine, 0),
        "header flipped": flipped(fine, 700),
        "body flipped": flipped(fine, 2346),
        "tag flipped": flipped(fine, len(fine) - 1),
        "body shorter than it was": fine[:-1],
    }
    talking = {
        "next of the chain": talk.next,
        "ahead in the chain": talk.ahead,
        "overtaken": talk.overtaken,
        "of a past chain": talk.past,
        "used, of a past chain": flipped(talk.used, 2346),
        "used, of the chain": within(n=1),
        "too far ahead": within(n=1003),
        "another ek in the chain": within(ek=bytes(1184)),
        "begins a chain, passes the rest of the last": begun(),
        "begins a chain, passes two of it": third.say(b"third"),
        "begins a chain after a shorter one": begun(pn=0),
        "passes too much of the last chain": begun(pn=1003),
    }
    return [
        *(heard(name, "bob at first", talk.first, wire) for name, wire in at_first.items()),
        *(heard(name, "bob talking", talk.bob, wire) for name, wire in talking.items()),
        # An impossible key is an error of the library's in the ratchet by hand.
        *(
            {"name": name, "state": "bob at first", "wire": wire.hex(), "refused": refused}
            for name, wire, refused in (
                ("all-zero exchange", first(dh=bytes(32)), "refused"),
                ("ek that is not reduced", first(ek=b"\xff" * 1184), "refused"),
                ("too short", fine[:2361], "malformed"),
            )
        ),
    ]


def encrypting(name: str, state: ByHand, padded: bytes) -> Values:
    wire = state.copy().say(padded, RANDOM)
    sent = {"random": RANDOM.hex(), "padded": padded.hex(), "wire": wire.hex()}
    return {"name": f"{name}, {len(padded)} bytes", "state": name} | sent


def main() -> None:
    alices, bobs = secrets()
    talk = Talk(alices, bobs)
    states = {"bob at first": talk.first, "bob talking": talk.bob, "alice at first": talk.at_first}
    save(
        "ratchet",
        {
            "about": ABOUT,
            "bob": conversation(alices, bobs),
            "states": {name: written(state) for name, state in states.items()},
            "encrypt": [
                encrypting("alice at first", talk.at_first, b""),
                encrypting("bob talking", talk.bob, bytes(1522)),
            ],
            "decrypt": decrypting(talk),
        },
    )


if __name__ == "__main__":
    main()
