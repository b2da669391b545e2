"""Two machines with one state: a disk put back, a copy that lives on."""

import pytest

from onionchat.crypto import kem, ratchet
from onionchat.crypto.ratchet_errors import Clone
from tests.crypto.ratchet_pair import forged, pair, refuses, talking


def test_a_number_that_was_used_by_another_envelope_is_a_clone() -> None:
    alice, bob = talking()
    clone = alice.copy()
    bob.hear(alice.say(b"mine"))
    refuses(bob, clone.say(b"the clone's"), Clone)


def test_a_past_number_that_was_used_is_a_clone_too() -> None:
    alice, bob = talking()
    clone = alice.copy()
    used = alice.say(b"mine")
    alice.say(b"keeps the header key alive")
    alice.hear(bob.say(b"step"))
    bob.hear(alice.say(b"next chain"))
    bob.hear(used)
    refuses(bob, clone.say(b"the clone's"), Clone)


def test_two_chains_under_one_header_key_are_a_clone() -> None:
    """Whatever the number is: used already, or one that nobody had."""
    alice, bob = pair()
    clone = bob.copy()
    wire = alice.say(b"both hear it")
    bob.hear(wire)
    clone.hear(wire)
    alice.hear(bob.say(b"mine"))
    refuses(alice, clone.say(b"the clone's"), Clone)
    refuses(alice, clone.say(b"the clone's"), Clone)


@pytest.mark.parametrize("field", ["dh", "ek", "ct"])
def test_one_key_that_differs_makes_another_chain(field: str) -> None:
    alice, bob = pair()
    bob.hear(alice.say(b"begins it"))
    size = {"dh": 32, "ek": kem.PUBLIC, "ct": kem.CIPHERTEXT}[field]
    refuses(bob, forged(alice, **{field: bytes(size)}), Clone)


def test_a_clone_with_repeated_randomness_shares_no_keystream() -> None:
    """The salt is hedged with the text: the same random bytes give another key."""
    alice, _ = pair()

    def stuck(count: int) -> bytes:
        return bytes(count)

    _, one = ratchet.encrypt(alice.state, b"a" * 64, stuck)
    _, other = ratchet.encrypt(alice.state, b"b" * 64, stuck)
    assert one[:16] != other[:16]
    difference = {x ^ y for x, y in zip(one[2346:2410], other[2346:2410], strict=True)}
    assert len(difference) > 1, "the same keystream would give one difference for all bytes"
