"""A contact names places that are none: nobody is dialled there, and nothing else happens."""

from pathlib import Path

import pytest

from onionchat.crypto.ed25519_point import P
from onionchat.crypto.identity import Identity
from onionchat.protocol.records import Endpoint
from onionchat.store import contacts, endpoints, inboxes, invites
from onionchat.store.models import Seen
from onionchat.types import OnionKey, Place
from tests.node.test_hostile_contact import Village, head, play

pytestmark = pytest.mark.usefixtures("promptly")

ELSEWHERE = OnionKey(Identity.from_seed(b"where they can really be reached").key)
KEY = bytes(range(32))
NO_POINTS = (
    bytes(32),
    (1).to_bytes(32, "little"),
    (P - 1).to_bytes(32, "little"),
    (P + 1).to_bytes(32, "little"),
    b"\xff" * 32,
)
"""Of order 4, the identity, of order 2, the identity in another encoding, not on the curve."""


def _places() -> list[Place]:
    bob = contacts.by_name("bob")
    assert bob is not None
    return endpoints.places(bob.id, bob.created_at)


def _answered() -> int:
    """Records that get a receipt."""
    return int(Seen.select().where(Seen.message_id.is_null(False)).count())


def test_what_is_no_place_is_not_noted_and_the_talk_goes_on(tmp_path: Path) -> None:
    async def scene(village: Village) -> None:
        alice = village.alice
        (inbox,) = await alice.change(inboxes.all_rows)
        await alice("invite.make", name="dora")
        (open_,) = await alice.change(invites.all_rows)
        seeds = (inbox.seed, open_.seed)
        ours = (alice.identity.key, *(Identity.from_seed(seed).key for seed in seeds))
        wrong: list[tuple[bytes, bytes | None]] = [(onion, KEY) for onion in (*NO_POINTS, *ours)]
        wrong += [(alice.identity.key, None), (ELSEWHERE, bytes(32))]
        before, answered = await alice.change(_places), await alice.change(_answered)
        async with village.playing(village.bob) as (caller, speech):
            for seq, (onion, key) in enumerate(wrong, 1):
                await caller.send(speech.envelope(Endpoint(*head(seq), OnionKey(onion), key, 10)))
        assert await alice.change(_places) == before
        assert await alice.change(_answered) == answered + len(wrong)
        async with village.playing(village.bob) as (caller, speech):
            await caller.send(speech.envelope(Endpoint(*head(99), ELSEWHERE, KEY, 10)))
        assert Place(ELSEWHERE, KEY) in await alice.change(_places)

    play(tmp_path, scene)
