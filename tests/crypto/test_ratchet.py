import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from onionchat.crypto import ratchet, ratchet_step
from onionchat.crypto.ratchet import OVERHEAD
from onionchat.crypto.ratchet_errors import Authentic, NotMine, Refused
from onionchat.crypto.ratchet_state import State
from onionchat.errors import DamagedError, LocalError
from tests.crypto.ratchet_pair import pair, secrets, talking

# The ordinary way


def test_alice_speaks_first_and_bob_cannot() -> None:
    alice, bob = pair()
    assert alice.state.can_send
    assert not bob.state.can_send
    with pytest.raises(LocalError):
        bob.say(b"first")
    bob.hear(alice.say(b"now he can"))
    assert bob.state.can_send


def test_both_talk_in_turn_and_each_answer_is_a_step() -> None:
    alice, bob = pair()
    for number in range(5):
        assert bob.hear(alice.say(b"a%d" % number)).stepped
        assert alice.hear(bob.say(b"b%d" % number)).stepped
    assert bob.opened == [b"a%d" % number for number in range(5)]
    assert alice.opened == [b"b%d" % number for number in range(5)]


def test_a_chain_is_one_step_and_costs_the_promised_bytes() -> None:
    alice, bob = pair()
    wires = [alice.say(b"x" * 100) for _ in range(4)]
    assert {len(wire) for wire in wires} == {100 + OVERHEAD}
    assert [bob.hear(wire).stepped for wire in wires] == [True, False, False, False]


def test_any_order_opens_each_once() -> None:
    alice, bob = talking()
    first = [alice.say(b"%d" % number) for number in range(4)]
    alice.hear(bob.say(b"in between"))
    second = [alice.say(b"%d" % number) for number in range(4, 8)]
    bob.opened.clear()
    for at in (6, 1, 7, 3, 0, 5, 2, 4):
        bob.hear((first + second)[at])
    assert bob.opened == [b"%d" % number for number in (6, 1, 7, 3, 0, 5, 2, 4)]
    assert bob.skipped == {}


def test_a_session_has_two_different_starts() -> None:
    alices, bobs = secrets()
    assert alices.sid == bobs.sid
    with pytest.raises(LocalError):
        ratchet.start_bob(alices)
    with pytest.raises(LocalError):
        ratchet.start_alice(bobs)


def test_no_key_prints() -> None:
    alice, bob = talking()
    bob.hear(alice.say(b"skipped") and alice.say(b"came"))
    state, root = alice.state, alice.state.root
    assert state.sending is not None
    assert state.receiving is not None
    chains = state.sending.ck + state.sending.hk + state.receiving.ck + state.receiving.hk
    printed = repr(state) + repr(root.own) + repr(bob.hear(alice.say(b"printed?")))
    assert "printed?" not in printed
    for secret in (root.rk, root.nhks, root.nhkr, root.own.dh, root.own.seed, root.ad):
        assert repr(secret)[2:-1] not in printed
    for at in range(0, len(chains), 32):
        assert repr(chains[at : at + 32])[2:-1] not in printed


# What a stolen state is worth


def test_a_stolen_state_opens_nothing_from_before() -> None:
    alice, bob = talking()
    heard = [alice.say(b"%d" % number) for number in range(3)]
    for wire in heard:
        bob.hear(wire)
    for wire in heard:
        with pytest.raises((NotMine, Authentic)):
            ratchet.decrypt(bob.state, bob.skipped, wire)


def test_a_stolen_state_is_worthless_after_one_answer_each_way() -> None:
    """Not even to who does with it all that its owner does, with all that they saw."""
    alice, bob = talking()
    thief = bob.copy()
    reads = alice.say(b"the thief reads this")
    thief.hear(reads)
    assert thief.opened[-1] == b"the thief reads this"
    bob.hear(reads)
    thief.say(b"an answer")
    alice.hear(bob.say(b"an answer"))
    healed = alice.say(b"and not this")
    with pytest.raises((NotMine, Authentic)):
        thief.hear(healed)
    bob.hear(healed)


class Guess:
    """A private key of the KEM that is known in all but what it decapsulates."""

    def __init__(self, real: MLKEM768PrivateKey) -> None:
        self.public_key = real.public_key

    def decapsulate(self, _: bytes) -> bytes:
        return bytes(32)


@pytest.mark.parametrize("unknown", ["x25519", "kem"])
def test_one_half_of_a_step_opens_nothing(unknown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quantum computer has every X25519 secret; somebody else may break the KEM."""
    alice, bob = talking()
    alice.hear(bob.say(b"a new key"))
    wire = alice.say(b"for bob")
    with monkeypatch.context() as thief:
        if unknown == "x25519":
            thief.setattr(ratchet_step, "exchange", lambda *_: bytes(32))
        else:
            bob.state.root.own.__dict__["mlkem"] = Guess(bob.state.root.own.mlkem)
        with pytest.raises(Refused):
            ratchet.decrypt(bob.state, {}, wire)
    bob.state = State.decode(bob.state.encode())
    assert bob.hear(wire).padded == b"for bob"


# The stored form


def test_a_state_survives_its_encoding_at_every_stage() -> None:
    alice, bob = pair()
    stages = [alice.state, bob.state]
    bob.hear(alice.say(b"hello"))
    for state in [*stages, alice.state, bob.state]:
        assert State.decode(state.encode()) == state


@given(st.data())
def test_what_encode_did_not_write_is_damage(data: st.DataObject) -> None:
    encoded = data.draw(st.sampled_from(STAGES)).encode()
    kind = data.draw(st.sampled_from(["cut", "longer", "version", "chains", "noise"]))
    damaged = {
        "cut": encoded[: data.draw(st.integers(0, len(encoded) - 1))],
        "longer": encoded + data.draw(st.binary(min_size=1, max_size=4000)),
        "version": b"\x02" + encoded[1:],
        "chains": encoded[:1] + b"\x03" + encoded[2:],
        "noise": b"\x01" + data.draw(st.binary(max_size=64)),
    }[kind]
    with pytest.raises(DamagedError):
        State.decode(damaged)


STAGES = [*(end.state for end in pair()), talking()[1].state]
