from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onionchat.crypto import ed25519_point, kem
from onionchat.crypto.handshake import Initiator, Responder, Secrets
from onionchat.crypto.identity import Identity
from onionchat.errors import LocalError, RemoteError
from onionchat.types import IdentityKey
from tests.crypto import by_hand
from tests.crypto.people import ALICE, BOB, CAROL, drawn, posing_as
from tests.vectors import load

VECTORS = load("handshake")
RANDOM_I, RANDOM_R = bytes(range(100, 132)), bytes(range(112))


def by_name(case: dict[str, Any]) -> str:
    return str(case["name"])


def initiator() -> Initiator:
    return Initiator(ALICE, BOB.key, drawn(RANDOM_I))


def responder() -> Responder:
    return Responder(BOB, drawn(RANDOM_R))


M1 = initiator().m1()
M2 = responder().m2(M1)


def awaiting_m2() -> Initiator:
    one = initiator()
    one.m1()
    return one


def awaiting_m3() -> Responder:
    one = responder()
    one.m2(M1)
    return one


def keys(secrets: Secrets) -> dict[str, str]:
    session = secrets.session
    derived = {name: getattr(session, name).hex() for name in ("sk", "hka", "nhkb", "ad", "sid")}
    return derived | {"k_ir": secrets.k_ir.hex(), "k_ri": secrets.k_ri.hex()}


def flips(message: bytes) -> list[bytes]:
    """The message with each of its bits turned over."""
    number = int.from_bytes(message, "big")
    bits = range(8 * len(message))
    return [(number ^ 1 << bit).to_bytes(len(message), "big") for bit in bits]


@pytest.mark.parametrize("case", VECTORS["handshakes"], ids=by_name)
def test_vectors(case: dict[str, Any]) -> None:
    given = {k: bytes.fromhex(v) for k, v in case.items() if isinstance(v, str) and k != "name"}
    me, you = (Identity.from_seed(given[f"{role}_seed"]) for role in ("initiator", "responder"))
    dialling = Initiator(me, you.key, drawn(given["initiator_random"]))
    answering = Responder(you, drawn(given["responder_random"]))
    assert dialling.m1() == given["m1"]
    assert answering.m2(given["m1"]) == given["m2"]
    claim, secrets = answering.finish(given["m3"])
    assert claim == given["initiator_key"]
    assert keys(secrets) == case["keys"]
    assert len(dialling.m3(given["m2"])[0]) == len(given["m3"])


@pytest.mark.parametrize("case", VECTORS["m1"], ids=by_name)
def test_m1_refused(case: dict[str, Any]) -> None:
    answering = Responder(Identity.from_seed(bytes.fromhex(case["responder_seed"])))
    with pytest.raises(RemoteError):
        answering.m2(bytes.fromhex(case["m1"]))
    with pytest.raises(LocalError):
        answering.m2(M1)


@pytest.mark.parametrize("case", VECTORS["m2"], ids=by_name)
def test_m2_refused(case: dict[str, Any]) -> None:
    me = Identity.from_seed(bytes.fromhex(case["initiator_seed"]))
    peer = IdentityKey(bytes.fromhex(case["responder_key"]))
    dialling = Initiator(me, peer, drawn(bytes.fromhex(case["initiator_random"])))
    dialling.m1()
    with pytest.raises(RemoteError):
        dialling.m3(bytes.fromhex(case["m2"]))
    with pytest.raises(LocalError):
        dialling.m3(M2)


@pytest.mark.parametrize("case", VECTORS["m3"], ids=by_name)
def test_m3_refused(case: dict[str, Any]) -> None:
    me = Identity.from_seed(bytes.fromhex(case["responder_seed"]))
    answering = Responder(me, drawn(bytes.fromhex(case["responder_random"])))
    answering.m2(bytes.fromhex(case["m1"]))
    with pytest.raises(RemoteError):
        answering.finish(bytes.fromhex(case["m3"]))
    with pytest.raises(LocalError):
        answering.finish(awaiting_m2().m3(M2)[0])


def test_both_sides_agree() -> None:
    m3, mine = awaiting_m2().m3(M2)
    claim, theirs = awaiting_m3().finish(m3)
    assert claim == ALICE.key
    assert keys(mine) == keys(theirs)
    assert len(set(keys(mine).values())) == 7


def test_whom_an_m3_names_costs_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less work for somebody who was here before would tell that they were."""
    sums, add = [0], ed25519_point._add

    def counted(one: Any, other: Any) -> Any:
        sums[-1] += 1
        return add(one, other)

    monkeypatch.setattr(ed25519_point, "_add", counted)
    for _ in range(2):
        awaiting_m3().finish(awaiting_m2().m3(M2)[0])
        sums.append(0)
    assert sums[0] == sums[1] > 0


def test_what_each_ratchet_starts_from() -> None:
    m3, mine = awaiting_m2().m3(M2)
    _, theirs = awaiting_m3().finish(m3)
    alice, bob = mine.session, theirs.session
    assert (bob.dh_private, bob.kem_seed) == (RANDOM_R[:32], RANDOM_R[32:96])
    assert (alice.peer_dh, alice.peer_ek) == by_hand.Offer.drawn(RANDOM_R).parts()[1:]
    assert (alice.dh_private, alice.kem_seed, bob.peer_dh, bob.peer_ek) == (None,) * 4


def test_no_two_handshakes_share_a_key() -> None:
    """Both sides are fresh: repeating the randomness of one of them changes nothing."""
    seen: list[str] = []
    for answering in (responder(), responder(), Responder(BOB), Responder(BOB)):
        dialling = Initiator(ALICE, BOB.key)
        _, secrets = dialling.m3(answering.m2(dialling.m1()))
        seen += keys(secrets).values()
    assert len(set(seen)) == len(seen)


def test_the_same_m2_gives_other_keys_each_time() -> None:
    """The encapsulation is fresh: an initiator whose randomness repeats is still safe."""
    assert awaiting_m2().m3(M2)[1].k_ir != awaiting_m2().m3(M2)[1].k_ir


@pytest.mark.parametrize("thief", [CAROL, BOB])
def test_whoever_claims_to_be_another_has_other_keys(thief: Identity) -> None:
    """M3 alone proves nobody: the claim is read, but the liar can't open a frame."""
    liar = Initiator(posing_as(ALICE, thief), BOB.key)
    answering = responder()
    m3, theirs = liar.m3(answering.m2(liar.m1()))
    claim, ours = answering.finish(m3)
    assert claim == ALICE.key
    assert not set(keys(theirs).values()) & set(keys(ours).values())


def test_without_the_kem_a_recorded_handshake_names_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quantum computer has every X25519 secret of both sides."""
    m3, _ = awaiting_m2().m3(M2)
    thief = awaiting_m3()
    monkeypatch.setattr(kem, "private_key", lambda _: Guess())
    with pytest.raises(RemoteError):
        thief.finish(m3)


class Guess:
    """A private key of the KEM that nobody has."""

    def decapsulate(self, _: bytes) -> bytes:
        return bytes(32)


def test_the_two_addresses_of_one_x25519_image_are_two_people() -> None:
    """A and -A share the exchange, not the transcript."""
    mirrored = IdentityKey(ALICE.key[:31] + bytes([ALICE.key[31] ^ 0x80]))
    sym, m3 = by_hand.m3(RANDOM_I, BOB, M2, mirrored, ALICE.x25519())
    claim, secrets = awaiting_m3().finish(m3)
    assert claim == mirrored != ALICE.key
    assert keys(secrets) == sym.split()


def test_who_dials_another_address_gets_no_answer_that_opens() -> None:
    dialling = Initiator(ALICE, CAROL.key)
    with pytest.raises(RemoteError):
        dialling.m3(Responder(BOB).m2(dialling.m1()))


@pytest.mark.parametrize("thief", [ALICE, BOB])
def test_who_answers_for_somebody_else_is_not_believed(thief: Identity) -> None:
    """They know whom we dial, and not that one's private key."""
    dialling = Initiator(ALICE, CAROL.key)
    with pytest.raises(RemoteError):
        dialling.m3(Responder(posing_as(CAROL, thief)).m2(dialling.m1()))


def test_no_bit_of_m1_can_change() -> None:
    for bad in flips(M1):
        with pytest.raises(RemoteError):
            awaiting_m2().m3(responder().m2(bad))


def test_no_bit_of_m2_can_change() -> None:
    for bad in flips(M2):
        one = awaiting_m2()
        with pytest.raises(RemoteError):
            one.m3(bad)


def test_no_bit_of_m3_can_change() -> None:
    m3, _ = awaiting_m2().m3(M2)
    for bad in flips(m3):
        one = awaiting_m3()
        with pytest.raises(RemoteError):
            one.finish(bad)


@given(st.binary(max_size=40) | st.binary(min_size=32, max_size=32).map(lambda key: b"\1\1" + key))
@settings(deadline=None, max_examples=50)
def test_any_m1_is_answered_or_refused(data: bytes) -> None:
    with suppress(RemoteError):
        assert len(responder().m2(data)) == len(M2)


@given(st.binary(max_size=64), st.sampled_from([b"", b"\1\2", b"\1\3"]), st.booleans())
@settings(deadline=None, max_examples=50)
def test_any_other_m2_or_m3_is_refused(data: bytes, prefix: bytes, filled: bool) -> None:
    for message, read in ((M2, awaiting_m2().m3), (bytes(1138), awaiting_m3().finish)):
        with pytest.raises(RemoteError):
            read((prefix + data).ljust(len(message) if filled else 0, b"\5"))


def test_a_message_out_of_turn_is_our_own_bug() -> None:
    with pytest.raises(LocalError):
        initiator().m3(M2)
    with pytest.raises(LocalError):
        responder().finish(bytes(1138))
    once = awaiting_m2()
    with pytest.raises(LocalError):
        once.m1()
    done = awaiting_m3()
    done.finish(awaiting_m2().m3(M2)[0])
    with pytest.raises(LocalError):
        done.finish(awaiting_m2().m3(M2)[0])


def test_no_secret_is_printed() -> None:
    m3, mine = awaiting_m2().m3(M2)
    _, theirs = awaiting_m3().finish(m3)
    for secrets in (mine, theirs):
        fields = [getattr(secrets.session, name) for name in secrets.session.__struct_fields__]
        values = [value for value in fields if value not in (None, secrets.session.sid)]
        shown = f"{secrets!r} {secrets}"
        assert len(values) == 6
        for value in (*values, secrets.k_ir, secrets.k_ri):
            assert repr(value) not in shown
            assert value.hex() not in shown
