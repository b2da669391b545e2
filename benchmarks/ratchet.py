"""The ratchet: encrypt and decrypt 1 KiB, one way and with the direction changing.

One way only the chains move; when each message changes the direction, each costs a full
step: two X25519 agreements, a new key pair of both kinds, an encapsulation and a
decapsulation. The peers have no KEM and no encrypted headers. Beside them stands the
bare sum of our own primitive calls, which shows what Python adds to them.
"""

import secrets

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from benchmarks.bare import bare
from benchmarks.figure import HEADING, Figure
from benchmarks.ratchet_peers import double_ratchet, olm
from benchmarks.rounds import Rounds, Work
from onionchat.crypto import ratchet
from onionchat.crypto.ratchet_state import State
from onionchat.crypto.session_secrets import SessionSecrets
from onionchat.types import SessionId

TEXT = secrets.token_bytes(1024)
BARE_SHARE = 1 / 1.3
"""At most 1.3 times the time of the bare primitive calls."""


def figures(messages: int = 1000, rounds: int = 11) -> list[Figure]:
    one_way = _measure(messages, rounds, alternating=False)
    changing = _measure(messages // 2, rounds, alternating=True)
    return [
        _figure(one_way, "one way", "DoubleRatchet", bar=1.8, goal=2.8),
        _figure(one_way, "one way", "vodozemac", bar=None, goal=1.0),
        _figure(one_way, "one way", "bare calls", bar=BARE_SHARE, goal=None),
        _figure(changing, "changing direction", "DoubleRatchet", bar=0.6, goal=0.9),
        _figure(changing, "changing direction", "vodozemac", bar=None, goal=1.0),
        _figure(changing, "changing direction", "bare calls", bar=BARE_SHARE, goal=None),
    ]


def _measure(messages: int, count: int, *, alternating: bool) -> Rounds:
    contestants = {
        "onionchat": _ours(TEXT, alternating=alternating),
        "DoubleRatchet": double_ratchet(TEXT, alternating=alternating),
        "vodozemac": olm(TEXT, alternating=alternating),
        "bare calls": bare(TEXT, alternating=alternating),
    }
    return Rounds(contestants, messages, count)


def _figure(
    measured: Rounds, traffic: str, peer: str, *, bar: float | None, goal: float | None
) -> Figure:
    return Figure(
        name=f"ratchet {traffic}: {peer}",
        ours=measured.rate("onionchat"),
        peer=measured.rate(peer),
        unit="1 KiB/s",
        ratio=measured.ratio("onionchat", peer),
        higher_is_better=True,
        bar=bar,
        goal=goal,
    )


def _ours(text: bytes, *, alternating: bool) -> Work:
    sender, receiver = _pair()

    def exchange(messages: int) -> None:
        nonlocal sender, receiver
        for _ in range(messages):
            if not sender.can_send:
                sender, receiver = _pair()
            sender, wire = ratchet.encrypt(sender, text)
            opened = ratchet.decrypt(receiver, {}, wire)
            receiver = opened.state
            assert opened.padded == text
            if alternating:
                sender, receiver = receiver, sender

    return exchange


def _pair() -> tuple[State, State]:
    private, seed = secrets.token_bytes(32), secrets.token_bytes(64)
    sk, hka, nhkb, ad = (secrets.token_bytes(32) for _ in range(4))
    sid = SessionId(secrets.token_bytes(16))
    bob = SessionSecrets(sid, ad, sk, hka, nhkb, dh_private=private, kem_seed=seed)
    alice = SessionSecrets(
        *(sid, ad, sk, hka, nhkb),
        peer_dh=X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw(),
        peer_ek=MLKEM768PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw(),
    )
    return ratchet.start_alice(alice), ratchet.start_bob(bob)


if __name__ == "__main__":
    print(HEADING)
    for figure in figures():
        print(figure)
