from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from onionchat.crypto import envelope, kem, ratchet, ratchet_step
from onionchat.crypto.header import Header
from onionchat.crypto.ratchet import OVERHEAD
from onionchat.crypto.ratchet_errors import Authentic, Clone, NotMine, Refused, TooFar
from onionchat.crypto.ratchet_limits import (
    LARGEST_JUMP,
    LONGEST_CHAIN,
    NUMBERS,
    PAST_HEADER_KEYS,
    STORED_KEYS,
)
from onionchat.crypto.ratchet_state import State
from onionchat.errors import DamagedError, LocalError, RemoteError
from tests.crypto.ratchet_pair import End, pair, secrets, talking


def refuses(end: End, wire: bytes, kind: type[RemoteError]) -> RemoteError:
    """It is refused as this, and nothing has changed."""
    before = end.frozen()
    with pytest.raises(kind) as refused:
        end.hear(wire)
    assert end.frozen() == before
    return refused.value


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
    alice, bob = talking()
    stolen, keys = bob.state, dict(bob.skipped)
    reads = alice.say(b"the thief reads this")
    assert ratchet.decrypt(stolen, keys, reads).padded == b"the thief reads this"
    bob.hear(reads)
    alice.hear(bob.say(b"an answer"))
    healed = alice.say(b"and not this")
    with pytest.raises((NotMine, Authentic)):
        ratchet.decrypt(stolen, keys, healed)
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


# What is refused leaves no trace


def begins_a_chain(alice: End, bob: End) -> bytes:
    return alice.say(b"precious")


def continues_a_chain(alice: End, bob: End) -> bytes:
    bob.hear(alice.say(b"begins it"))
    return alice.say(b"precious")


def was_overtaken(alice: End, bob: End) -> bytes:
    wire = alice.say(b"precious")
    bob.hear(alice.say(b"overtakes"))
    return wire


def is_of_a_past_chain(alice: End, bob: End) -> bytes:
    wire = was_overtaken(alice, bob)
    alice.hear(bob.say(b"step"))
    bob.hear(alice.say(b"next chain"))
    return wire


@pytest.mark.parametrize(
    "said", [begins_a_chain, continues_a_chain, was_overtaken, is_of_a_past_chain]
)
def test_a_flipped_bit_burns_no_key(said: Callable[[End, End], bytes]) -> None:
    alice, bob = talking()
    wire = said(alice, bob)
    for at in (*range(0, envelope.SEALED_HEADER, 37), *range(envelope.SEALED_HEADER, len(wire))):
        flipped = wire[:at] + bytes([wire[at] ^ 1 << at % 8]) + wire[at + 1 :]
        refuses(bob, flipped, Refused if at >= envelope.SEALED_HEADER else NotMine)
    assert bob.hear(wire).padded == b"precious"
    refuses(bob, wire, RemoteError)


@pytest.mark.parametrize("size", [0, OVERHEAD - 1, OVERHEAD])
def test_a_cut_envelope_burns_no_key(size: int) -> None:
    alice, bob = talking()
    wire = continues_a_chain(alice, bob)
    refuses(bob, wire[:size], Refused if size == OVERHEAD else RemoteError)
    assert bob.hear(wire).padded == b"precious"


def test_what_is_shorter_than_a_header_names_nothing() -> None:
    with pytest.raises(RemoteError):
        ratchet.digest(bytes(OVERHEAD - 1))
    assert ratchet.digest(bytes(OVERHEAD)) == ratchet.digest(bytes(OVERHEAD + 9))


def test_another_session_is_not_mine() -> None:
    _alice, bob = talking()
    stranger, _ = talking()
    refuses(bob, stranger.say(b"hello"), NotMine)


@given(st.binary(min_size=OVERHEAD, max_size=OVERHEAD + 40))
def test_random_bytes_are_nobodys(wire: bytes) -> None:
    refuses(BOB_WHO_WAITS, wire, NotMine)


_, BOB_WHO_WAITS = talking()


# A header that is the peer's own and breaks a rule


def forged(alice: End, **fields: int | bytes) -> bytes:
    """An envelope that only Alice's own state can make, with a header of our choice."""
    chain = alice.state.sending
    assert chain is not None
    plain = {"pn": alice.state.root.pn, "n": chain.n} | fields
    header = Header(int(plain["pn"]), int(plain["n"]), chain.keys)
    parts = (fields.get(name, getattr(header, name)) for name in ("dh", "ek", "ct"))
    header = replace(header, keys=b"".join(map(bytes, parts)))
    mk, _ = chain.take()
    return envelope.seal(chain.hk, mk, header, b"forged", alice.state.ad, bytes(32))


@pytest.mark.parametrize("field", ["n", "pn"])
def test_a_number_out_of_range_is_refused(field: str) -> None:
    alice, bob = talking()
    refuses(bob, forged(alice, **{field: NUMBERS}), Refused)


@pytest.mark.parametrize("at", [0, 1], ids=["version", "flags"])
def test_another_version_or_a_flag_is_refused(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = talking()
    encode = Header.encode

    def changed(header: Header) -> bytes:
        plain = bytearray(encode(header))
        plain[at] ^= 2
        return bytes(plain)

    monkeypatch.setattr(Header, "encode", changed)
    refuses(bob, forged(alice), Refused)


@pytest.mark.parametrize("dh", [bytes(32), b"\1".ljust(32, b"\0")], ids=["0", "1"])
def test_an_all_zero_exchange_is_refused(dh: bytes) -> None:
    alice, bob = pair()
    refuses(bob, forged(alice, dh=dh), Refused)


def test_a_kem_key_that_fails_the_modulus_check_is_refused() -> None:
    """The body opens all the same: the key would only be used for the answer."""
    alice, bob = pair()
    refuses(bob, forged(alice, ek=b"\xff" * kem.PUBLIC), Refused)


def test_a_wrong_ciphertext_is_a_body_that_does_not_open() -> None:
    alice, bob = pair()
    refused = refuses(bob, forged(alice, ct=bytes(kem.CIPHERTEXT)), Refused)
    assert str(refused) == str(refuses(bob, alice.say(b"text")[:-1] + b"x", Refused))


# Distance


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


# Two machines with one state


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


STAGES = [*(end.state for end in pair()), BOB_WHO_WAITS.state]
