"""v3 client authorisation as a real tor has it: an onion that has as many keys as an inbox may."""

import asyncio
import secrets
from pathlib import Path

import pytest

from onionchat.crypto import client_key
from onionchat.crypto.identity import Identity
from onionchat.protocol.limits import INBOX_CONTACTS
from onionchat.tor.address import unix
from onionchat.tor.authorisation import listed
from onionchat.tor.dial_errors import KeyMissing, KeyRefused
from onionchat.tor.link import Link
from onionchat.tor.onions import Onion
from onionchat.tor.testnet import Info
from onionchat.types import OnionKey, Place
from tests.live.tors import dial, own_tor, refused, round_trip, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


async def echo(link: Link) -> None:
    while data := await link.read():
        await link.write(data)


def test_an_inbox_with_200_contacts_is_found_by_each_and_by_nobody_else(
    tmp_path: Path, network: Info
) -> None:
    keys = [client_key.new() for _ in range(INBOX_CONTACTS)]
    clients = {client_key.public(key): key for key in keys}
    last = max(clients, key=listed)  # as they are given to tor
    inbox = Identity.from_seed(secrets.token_bytes(32))
    onion = OnionKey(inbox.key)

    async def scene() -> None:
        served = Onion(
            inbox.tor_blob(), inbox.service_id, unix(tmp_path / "inbox"), frozenset(clients)
        )
        async with (
            own_tor(tmp_path / "a", network) as here,
            own_tor(tmp_path / "b", network) as there,
            asyncio.TaskGroup() as group,
        ):
            serving = group.create_task(there.serve(served, echo, 4))
            await until(here, "ready")
            await there.published(inbox.service_id)
            assert isinstance(await refused(here, Place(onion)), KeyMissing)
            assert isinstance(await refused(here, Place(onion, client_key.new())), KeyRefused)
            link = await dial(here, Place(onion, clients[last]))
            assert await round_trip(link, b"hello") == b"hello"
            await link.close()
            serving.cancel()

    asyncio.run(scene())
