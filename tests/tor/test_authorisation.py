"""Keys for onions that not everybody finds: what is said to tor, and that it is said again."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from onionchat.crypto import client_key
from onionchat.crypto.address import service_id
from onionchat.tor import publication
from onionchat.tor.address import UnixAddress
from onionchat.tor.attach import Attachment
from onionchat.tor.authorisation import listed
from onionchat.tor.client import TorClient
from onionchat.tor.dial_errors import DialError, KeyNotTaken, Starting
from onionchat.tor.link import Link
from onionchat.tor.onions import Onion
from onionchat.types import OnionKey, Place
from tests.tor.scripted_tor import ID, ScriptedTor

KEY = bytes(range(32))
ONE, TWO = (client_key.public(bytes([number]) * 32) for number in (1, 2))
PLACE = Place(OnionKey(bytes(32)), KEY)
TOLD = f"x25519:{base64.b64encode(KEY).decode()}"


@asynccontextmanager
async def ready(tor: ScriptedTor) -> AsyncIterator[TorClient]:
    client = TorClient(Attachment(tor.address, tor.socks))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(client.run())
        await until(client, "ready")
        yield client
        running.cancel()


async def until(client: TorClient, state: str) -> None:
    while (status := client.status).state != state:
        await client.change(status)


async def dial(client: TorClient, place: Place = PLACE) -> None:
    """In vain: behind the scripted SOCKS port there is nobody."""
    with pytest.raises(DialError):
        await client.dial(place, "token", asyncio.get_running_loop().time() + 5)


def keys_told(tor: ScriptedTor) -> list[str]:
    return [line.split()[2] for line in tor.asked if line.startswith("ONION_CLIENT_AUTH_ADD")]


async def nobody(_: Link) -> None:
    """Nobody comes."""


def test_a_key_is_listed_as_tor_reads_it() -> None:
    assert listed(bytes(32)) == "A" * 52


def test_each_dial_tells_the_key_whatever_made_tor_forget_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with ScriptedTor(tmp_path).running() as tor, ready(tor) as client:
            await dial(client)
            tor.tell("SIGNAL NEWNYM")
            await dial(client)
            assert keys_told(tor) == [TOLD, TOLD]
            tor.drop()
            await until(client, "lost")
            with pytest.raises(Starting):
                await client.dial(PLACE, "token", asyncio.get_running_loop().time() + 5)
            await until(client, "ready")
            await dial(client)
            assert keys_told(tor) == [TOLD] * 3
            await dial(client, Place(PLACE.onion))
            assert keys_told(tor) == [TOLD] * 3, "an onion for everybody needs none"

    asyncio.run(scene())


def test_a_tor_that_does_not_take_the_key_is_said_and_not_the_peer(tmp_path: Path) -> None:
    async def scene() -> None:
        async with ScriptedTor(tmp_path).running() as tor, ready(tor) as client:
            tor.answers["ONION_CLIENT_AUTH_ADD"] = "510 Command filtered"
            with pytest.raises(KeyNotTaken) as refused:
                await client.dial(PLACE, "token", asyncio.get_running_loop().time() + 5)
            assert refused.value.reason == "unauthorised"
            assert TOLD not in str(refused.value)

    asyncio.run(scene())


def test_what_was_told_is_taken_back(tmp_path: Path) -> None:
    """A tor that refuses, or is gone, is nobody's trouble."""

    async def scene() -> None:
        async with ScriptedTor(tmp_path).running() as tor, ready(tor) as client:
            await client.forget(PLACE)
            assert tor.asked[-1] == f"ONION_CLIENT_AUTH_REMOVE {service_id(PLACE.onion)}"
            tor.answers["ONION_CLIENT_AUTH_REMOVE"] = "510 Command filtered"
            await client.forget(PLACE)
            tor.drop()
            await client.forget(PLACE)
            await until(client, "lost")
            await client.forget(PLACE)

    asyncio.run(scene())


def test_other_clients_mean_down_and_up_again_and_links_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publication, "PAUSE", 0.0)

    async def scene() -> None:
        async with ScriptedTor(tmp_path).running() as tor, ready(tor) as client:
            onion = Onion("blob", ID, UnixAddress(tmp_path / "onion"), frozenset({ONE, TWO}))
            closing = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                serving = group.create_task(client.serve(onion, nobody, 4, closing))
                await tor.until_asked("ADD_ONION")
                client.authorise(ID, {TWO})
                await tor.until_asked("ADD_ONION", 2)
                assert not serving.done()
                closing.set()
            await tor.until_asked("DEL_ONION", 2)
            first, second = (line for line in tor.asked if line.startswith("ADD_ONION"))
            both = {f"ClientAuthV3={listed(key)}" for key in (ONE, TWO)}
            assert both < set(first.split())
            assert "Flags=DiscardPK,V3Auth" in first.split()
            assert both & set(second.split()) == {f"ClientAuthV3={listed(TWO)}"}
            order = [line.split()[0] for line in tor.asked if "ONION" in line.split()[0]]
            assert order == ["ADD_ONION", "DEL_ONION", "ADD_ONION", "DEL_ONION"]

    asyncio.run(scene())
