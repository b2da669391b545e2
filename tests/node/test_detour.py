"""Where to dial, when the best place leads nowhere."""

from onionchat.node.connection import HungUp
from onionchat.node.detour import PATIENT, Detour
from onionchat.tor.dial_errors import NotPublished, RendezvousFailed
from onionchat.types import OnionKey, Place

INBOX, MAILBOX, IDENTITY = (Place(OnionKey(bytes([number]) * 32)) for number in range(3))
PLACES = (INBOX, MAILBOX, IDENTITY)


def firsts(detour: Detour, dials: int) -> list[Place]:
    return [detour.ways(PLACES)[0] for _ in range(dials)]


def test_the_best_place_is_dialled_until_it_was_in_vain_for_a_while() -> None:
    detour = Detour()
    for _ in range(PATIENT):
        assert firsts(detour, 2) == [INBOX, INBOX]
        detour.missed(NotPublished())
    assert firsts(detour, 6) == [MAILBOX, INBOX, IDENTITY, INBOX, MAILBOX, INBOX]
    detour.met()
    assert firsts(detour, 2) == [INBOX, INBOX]


def test_our_own_network_is_nothing_against_a_place() -> None:
    detour = Detour()
    for _ in range(2 * PATIENT):
        detour.missed(RendezvousFailed())
        detour.missed(TimeoutError())
    assert firsts(detour, 2) == [INBOX, INBOX]
    for _ in range(PATIENT):
        detour.missed(HungUp("without a word"))
    assert firsts(detour, 1) == [MAILBOX]


def test_a_single_place_is_dialled_for_ever() -> None:
    detour = Detour()
    for _ in range(2 * PATIENT):
        detour.missed(NotPublished())
        assert detour.ways([IDENTITY]) == [IDENTITY]


def test_behind_the_one_whose_turn_it_is_stand_the_others() -> None:
    detour = Detour()
    assert detour.ways(PLACES) == PLACES
    for _ in range(PATIENT):
        detour.missed(NotPublished())
    assert detour.ways(PLACES) == (MAILBOX, IDENTITY)
