from typing import Any

import pytest

from onionchat.crypto import mailbox
from onionchat.crypto.bundle import Bundle, Kind, sign
from onionchat.crypto.identity import Identity
from onionchat.crypto.mailbox import Private, collect, deposit, publish
from onionchat.crypto.session_secrets import SessionSecrets
from onionchat.errors import RemoteError
from onionchat.types import IdentityKey
from tests.crypto import by_hand
from tests.crypto.people import ALICE, BOB, CAROL, drawn, posing_as
from tests.vectors import load

VECTORS = load("mailbox")
EXPIRY = 2_000_000_000
NOW = EXPIRY - 1
RANDOM_I, RANDOM_R = bytes(range(100, 132)), bytes(range(112))
PRIVATE = publish(Kind.ONE_TIME, EXPIRY, drawn(RANDOM_R))
SIGNED = sign(BOB, PRIVATE.bundle)


def by_name(case: dict[str, Any]) -> str:
    return str(case["name"])


def keys(session: SessionSecrets) -> dict[str, str]:
    return {name: getattr(session, name).hex() for name in ("sk", "hka", "nhkb", "ad", "sid")}


def published(case: dict[str, Any]) -> tuple[Identity, Private]:
    owner = Identity.from_seed(bytes.fromhex(case["owner_seed"]))
    random = drawn(bytes.fromhex(case["owner_random"]))
    return owner, publish(Kind(case["kind"]), case["expiry"], random)


@pytest.mark.parametrize("case", VECTORS["deposits"], ids=by_name)
def test_vectors(case: dict[str, Any]) -> None:
    owner, private = published(case)
    assert sign(owner, private.bundle).hex() == case["signed_bundle"]
    claim, session = collect(owner, private, bytes.fromhex(case["m3"]))
    assert claim.hex() == case["sender_key"]
    assert keys(session) == case["keys"]


@pytest.mark.parametrize("case", VECTORS["bundles"], ids=by_name)
def test_bundle_refused(case: dict[str, Any]) -> None:
    owner = IdentityKey(bytes.fromhex(case["owner_key"]))
    with pytest.raises(RemoteError):
        deposit(ALICE, owner, bytes.fromhex(case["signed_bundle"]), case["now"])


@pytest.mark.parametrize("case", VECTORS["m3"], ids=by_name)
def test_deposit_refused(case: dict[str, Any]) -> None:
    with pytest.raises(RemoteError):
        collect(*published(case), bytes.fromhex(case["m3"]))


@pytest.mark.parametrize("kind", [Kind.ONE_TIME, Kind.LAST_RESORT])
def test_both_sides_agree(kind: Kind) -> None:
    private = publish(kind, EXPIRY)
    m3, mine = deposit(ALICE, BOB.key, sign(BOB, private.bundle), NOW)
    claim, theirs = collect(BOB, private, m3)
    assert len(m3) == mailbox.SIZE
    assert claim == ALICE.key
    assert keys(mine) == keys(theirs)
    assert (mine.peer_dh, mine.peer_ek) == (private.bundle.dh, private.bundle.ek)
    assert (theirs.dh_private, theirs.kem_seed) == (private.dh, private.kem_seed)


def test_a_deposit_repeated_is_the_same_session() -> None:
    """The sender repeats M3' until a reply has opened; the owner finds the sid it knows."""
    m3, _ = deposit(ALICE, BOB.key, SIGNED, NOW)
    assert collect(BOB, PRIVATE, m3) == collect(BOB, PRIVATE, m3)


def test_two_deposits_in_one_bundle_are_two_sessions() -> None:
    one, other = (deposit(ALICE, BOB.key, SIGNED, NOW, drawn(RANDOM_I)) for _ in range(2))
    assert not set(keys(one[1]).values()) & set(keys(other[1]).values())


def test_whoever_claims_to_be_another_has_other_keys() -> None:
    m3, theirs = deposit(posing_as(ALICE, CAROL), BOB.key, SIGNED, NOW)
    claim, ours = collect(BOB, PRIVATE, m3)
    assert claim == ALICE.key
    assert not set(keys(theirs).values()) & set(keys(ours).values())


def test_a_live_bundle_collects_nothing() -> None:
    """M2's keys are never those of a mailbox: kinds live in different rooms."""
    offer = by_hand.Offer.drawn(RANDOM_R)
    _, m3 = by_hand.deposit(RANDOM_I, BOB, offer, ALICE.key, ALICE.x25519())
    bundle = Bundle(Kind.LIVE, PRIVATE.bundle.id, 0, PRIVATE.bundle.dh, PRIVATE.bundle.ek)
    with pytest.raises(RemoteError):
        collect(BOB, Private(bundle, PRIVATE.dh, PRIVATE.kem_seed), m3)


def test_no_byte_of_a_deposit_can_change() -> None:
    m3, _ = deposit(ALICE, BOB.key, SIGNED, NOW)
    for at in range(len(m3)):
        bad = m3[:at] + bytes([m3[at] ^ 1 << at % 8]) + m3[at + 1 :]
        with pytest.raises(RemoteError):
            collect(BOB, PRIVATE, bad)


@pytest.mark.parametrize("size", [0, 2, 18, 20, 50, 51, 1137, 1138, 1185])
def test_a_deposit_cut_short_is_refused(size: int) -> None:
    m3, _ = deposit(ALICE, BOB.key, SIGNED, NOW)
    with pytest.raises(RemoteError):
        collect(BOB, PRIVATE, m3[:size])


def test_the_private_half_is_not_printed() -> None:
    shown = f"{PRIVATE!r} {PRIVATE}"
    for secret in (PRIVATE.dh, PRIVATE.kem_seed):
        assert repr(secret) not in shown
