"""Write ratchet.json: `python -m tests.vectors.generate_ratchet`.

ML-KEM encapsulation takes its randomness from the library, so these are vectors for who
reads: Bob's secrets and what Alice sent. They differ each time this runs; what they say
about the format does not.
"""

from onionchat.crypto import ratchet
from tests.crypto.ratchet_pair import End, secrets
from tests.vectors import save

ABOUT = (
    "A ratchet session (docs/protocol.md 4) as Bob sees it: `session` are the handshake's keys "
    "and Bob's own; `alice` are envelopes in the order in which they arrive, each with the text "
    "inside, or `refused` with the class: not-mine, refused, too-far, clone. Bob keeps nothing of "
    "a refused one. His own steps are random and enter no result here."
)


def main() -> None:
    alices, bobs = secrets()
    alice = End(ratchet.start_alice(alices))
    clone = alice.copy()
    wires = [alice.say(b"text %d" % number) for number in range(4)]
    flipped = wires[1][:-1] + bytes([wires[1][-1] ^ 1])
    for _ in range(1001):
        alice.say(b"lost")
    arrivals: list[dict[str, str]] = [
        {"wire": wires[0].hex(), "text": b"text 0".hex()},
        {"wire": wires[2].hex(), "text": b"text 2".hex()},
        {"wire": flipped.hex(), "refused": "refused"},
        {"wire": wires[1].hex(), "text": b"text 1".hex()},
        {"wire": clone.say(b"the clone's").hex(), "refused": "clone"},
        {"wire": alice.say(b"far").hex(), "refused": "too-far"},
        {"wire": (b"\0" + wires[3][1:]).hex(), "refused": "not-mine"},
        {"wire": wires[3].hex(), "text": b"text 3".hex()},
    ]
    assert bobs.dh_private is not None
    assert bobs.kem_seed is not None
    session = {
        "sk": bobs.sk,
        "hka": bobs.hka,
        "nhkb": bobs.nhkb,
        "ad": bobs.ad,
        "sid": bobs.sid,
        "dh_private": bobs.dh_private,
        "kem_seed": bobs.kem_seed,
    }
    keys = {name: value.hex() for name, value in session.items()}
    save("ratchet", {"about": ABOUT, "session": keys, "alice": arrivals})


if __name__ == "__main__":
    main()
