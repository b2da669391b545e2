"""How far an envelope may reach, and how much is kept for what may still come."""

import pytest
from msgspec.structs import replace

from onionchat.crypto import ratchet
from onionchat.crypto.ratchet_errors import Authentic, Clone, NotMine, TooFar
from onionchat.crypto.ratchet_limits import (
    LARGEST_JUMP,
    LONGEST_CHAIN,
    PAST_HEADER_KEYS,
    STORED_KEYS,
)
from onionchat.errors import LocalError
from tests.crypto.ratchet_pair import forged, pair, refuses, talking


def test_the_largest_jump_is_allowed_and_one_more_is_not() -> None:
    alice, bob = talking()
    for _ in range(LARGEST_JUMP):
        alice.say(b"lost")
    edge = alice.copy()
    far = [alice.say(b"lost") and alice.say(b"too far")][0]
    refused = refuses(bob, far, TooFar)
    assert isinstance(refused, Authentic)
    assert refused.digest == ratchet.digest(far)
    assert refused.sid is None
    assert bob.hear(edge.say(b"just")).padded == b"just"
    assert len(bob.skipped) == STORED_KEYS


def test_a_jump_at_the_end_of_the_last_chain_counts_too() -> None:
    alice, bob = talking()
    bob.hear(alice.say(b"came"))
    for _ in range(LARGEST_JUMP):
        alice.say(b"lost")
    edge = alice.copy()
    alice.say(b"one more")
    step = bob.say(b"step")
    alice.hear(step)
    edge.hear(step)
    refuses(bob, alice.say(b"too far"), TooFar)
    assert bob.hear(edge.say(b"just")).padded == b"just"


def test_a_chain_that_was_shorter_than_what_came_leaves_nothing() -> None:
    alice, bob = talking()
    bob.hear(alice.say(b"came"))
    alice.hear(bob.say(b"step"))
    assert bob.hear(forged(alice, pn=0)).stored == ()


def test_a_first_chain_that_claims_a_former_one_has_no_distance() -> None:
    alice, bob = pair()
    state = replace(alice.state, root=replace(alice.state.root, pn=5000))
    _, wire = ratchet.encrypt(state, b"fine")
    assert bob.hear(wire).padded == b"fine"


def test_beyond_a_thousand_keys_the_oldest_go() -> None:
    alice, bob = talking()
    oldest = [alice.say(b"oldest") for _ in range(10)]
    bob.hear(alice.say(b"stores ten"))
    for _ in range(LARGEST_JUMP - 5):
        alice.say(b"lost")
    bob.hear(alice.say(b"evicts five"))
    assert len(bob.skipped) == STORED_KEYS
    refuses(bob, oldest[4], Clone)
    assert bob.hear(oldest[5]).padded == b"oldest"


def test_one_envelope_that_skips_too_much_keeps_the_newest() -> None:
    alice, bob = talking()
    bob.hear(alice.say(b"came"))
    lost = [alice.say(b"lost") for _ in range(LARGEST_JUMP)]
    alice.hear(bob.say(b"step"))
    ahead = [alice.say(b"ahead") for _ in range(5)]
    bob.hear(alice.say(b"skips a thousand and five"))
    assert len(bob.skipped) == STORED_KEYS
    refuses(bob, lost[4], Clone)
    for wire in (lost[5], lost[-1], *ahead):
        bob.hear(wire)


def test_past_header_keys_are_limited_and_the_oldest_goes() -> None:
    alice, bob = talking()
    overtaken = []
    for _ in range(PAST_HEADER_KEYS + 1):
        overtaken.append(alice.say(b"overtaken"))
        bob.hear(alice.say(b"came"))
        alice.hear(bob.say(b"step"))
    assert len(bob.skipped) == PAST_HEADER_KEYS + 1, "the chain that is received is not past"
    edge = bob.copy()
    assert edge.hear(overtaken[0]).padded == b"overtaken"
    bob.hear(alice.say(b"now it is"))
    assert len(bob.skipped) == PAST_HEADER_KEYS
    refuses(bob, overtaken[0], NotMine)
    assert bob.hear(overtaken[1]).padded == b"overtaken"


def test_a_chain_has_an_end() -> None:
    alice, _ = pair()
    assert alice.state.sending is not None
    tired = replace(alice.state, sending=replace(alice.state.sending, n=LONGEST_CHAIN - 1))
    last, _ = ratchet.encrypt(tired, b"the last")
    assert not last.can_send
    with pytest.raises(LocalError):
        ratchet.encrypt(last, b"one more")
