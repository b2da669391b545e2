"""The second implementation talks to this project's node: the document suffices.

Only this file knows both. What the second one knows, it has from docs/protocol.md.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from onionchat.crypto.address import format_address, service_id
from onionchat.store import contacts, counts, requests
from onionchat.store.models import Session
from onionchat.tor.address import UnixAddress
from tests.node.street import Home, Street
from tests.second.connection import Connection
from tests.second.node import Node

SEED = bytes(range(32))


class House:
    """The second implementation on the street: a door, and a way to dial alice."""

    def __init__(self, node: Node, street: Street, group: asyncio.TaskGroup) -> None:
        self.node = node
        self._street = street
        self._group = group
        self.open: list[Connection] = []
        self._quiet = asyncio.Event()
        self._quiet.set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._keep(await self.node.answer(reader, writer))

    async def dial(self, home: Home) -> Connection:
        where = self._street.served[home.identity.service_id]
        streams = await asyncio.open_unix_connection(where.path)
        connection = await self.node.dial(home.identity.key, *streams)
        self._group.create_task(self._keep(connection))
        return connection

    async def hang_up(self) -> None:
        """Say bye on every connection, and wait until alice has closed it."""
        for connection in list(self.open):
            connection.bye()
        await self._quiet.wait()

    async def _keep(self, connection: Connection) -> None:
        self.open.append(connection)
        self._quiet.clear()
        await connection.run()
        self.open.remove(connection)
        if not self.open:
            self._quiet.set()


@asynccontextmanager
async def neighbours(tmp_path: Path, node: Node) -> AsyncIterator[tuple[Home, House]]:
    """alice with this project's node, and the second implementation next door."""
    street = Street()
    alice = Home("alice", tmp_path, street)
    async with asyncio.timeout(60), alice.up(), asyncio.TaskGroup() as group:
        house = House(node, street, group)
        door = UnixAddress(tmp_path / "second.sock")
        server = await asyncio.start_unix_server(house.answer, door.path)
        street.served[service_id(node.me.key)] = door
        async with server:
            yield alice, house
            await house.hang_up()


def test_it_asks_is_accepted_and_both_talk_up_to_a_receipt(tmp_path: Path) -> None:
    async def scene() -> None:
        second = Node(SEED)
        async with neighbours(tmp_path, second) as (alice, house):
            second.ask(alice.identity.key, "I was made from the document")
            asking = await house.dial(alice)
            (request,) = await alice.until(requests.all_rows)
            assert request.text == "I was made from the document"
            asking.bye()
            await alice("request.accept", who=str(request.number), name="second")
            await second.until(lambda: any(event.kind == "accepted" for event in second.events))
            await talk(alice, second)

    asyncio.run(scene())


def test_it_is_asked_and_accepts_by_its_own_dial(tmp_path: Path) -> None:
    async def scene() -> None:
        second = Node(SEED, accept=lambda key, text: text == "it is alice")
        async with neighbours(tmp_path, second) as (alice, house):
            address = format_address(second.me.key)
            await alice("contact.add", name="second", address=address, text="it is alice")
            await second.until(lambda: any(event.kind == "request" for event in second.events))
            await house.dial(alice)
            await alice.until(lambda: contacts.all_rows()[0].state == "contact")
            await talk(alice, second)

    asyncio.run(scene())


def test_the_session_goes_on_over_new_connections_whoever_dials(tmp_path: Path) -> None:
    async def scene() -> None:
        second = Node(SEED, accept=lambda key, text: True)
        async with neighbours(tmp_path, second) as (alice, house):
            await alice("contact.add", name="second", address=format_address(second.me.key))
            await second.until(lambda: any(event.kind == "request" for event in second.events))
            await house.dial(alice)
            await alice.until(lambda: contacts.all_rows()[0].state == "contact")
            for number in range(3):
                await talk(alice, second, f"round {number}")
                await house.hang_up()
                if number % 2:
                    await house.dial(alice)
            assert await alice.change(lambda: Session.select().count()) == 1
            assert await alice.change(lambda: counts.totals().outbox) == 0
            assert not [event for event in second.events if event.kind in ("alarm", "broken")]

    asyncio.run(scene())


async def talk(alice: Home, second: Node, text: str = "") -> None:
    """Both say something; each has the other's receipt."""
    key = alice.identity.key
    to_alice = second.send_text(key, f"{text} from the second: \u05e9\u05dc\u05d5\u05dd")
    await alice("send", name="second", text=f"{text} from alice", wait="delivered", timeout=20)
    await second.until(lambda: second.delivered(to_alice))
    assert second.texts(key)[-1] == f"{text} from alice"
    received = [row.text for row in await alice("receive", name="second", timeout=20)]
    assert received[-1] == f"{text} from the second: \u05e9\u05dc\u05d5\u05dd"
