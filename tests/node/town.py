"""Friends who know each other's inboxes: the first of them is everybody's."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from onionchat.crypto.address import service_id
from onionchat.crypto.identity import Identity
from onionchat.node.connection import Connection
from onionchat.node.node import Node
from onionchat.node.peer import Peer
from onionchat.node.talk import Talk
from onionchat.protocol.channel import Channel
from onionchat.protocol.events import HandshakeDone
from onionchat.protocol.hello import Hello, Purpose
from onionchat.store import contacts, endpoints, inboxes
from onionchat.store.inboxes import InboxRow
from onionchat.store.models import Admission, Endpoint
from onionchat.tor.link import Link
from onionchat.types import Incarnation, Place
from tests.node.caller import Speech, request, silence
from tests.node.street import Home, Street, befriend

PATIENCE = 90.0


def neighbours(directory: Path, *names: str) -> list[Home]:
    street = Street()
    return [Home(name, directory, street) for name in names]


@asynccontextmanager
async def town(homes: Sequence[Home], patience: float | None = PATIENCE) -> AsyncIterator[None]:
    """All are up, until the block ends."""
    async with asyncio.timeout(patience), asyncio.TaskGroup() as group:
        closing = asyncio.Event()
        for ready in [_live(group, home, closing) for home in homes]:
            await ready.wait()
        first, *others = homes
        for other in others:
            await befriend(first, other)
        await first.until(lambda: settled(len(others)))
        for other in others:
            await other.until(lambda: settled(1))
        try:
            yield
        finally:
            closing.set()


def _live(group: asyncio.TaskGroup, home: Home, closing: asyncio.Event) -> asyncio.Event:
    ready = asyncio.Event()

    async def live() -> None:
        async with home.up():
            ready.set()
            await closing.wait()

    group.create_task(live())
    return ready


def settled(friends: int) -> bool:
    """Everybody has said where they are, and knows that it is known."""
    keyed = Endpoint.select().where(Endpoint.client_key.is_null(False)).count()
    known = Admission.select().where(Admission.known).count()
    return bool(keyed >= friends and known >= friends)


async def place_of(home: Home, name: str) -> Place:
    """Where `home` would dial this contact."""

    def look() -> Place:
        contact = contacts.by_name(name)
        assert contact is not None
        return endpoints.places(contact.id, home.clock())[0]

    found: Place = await home.change(look)
    return found


async def forget_places(home: Home, name: str) -> None:
    """`home` knows no place of this contact any more but their address."""

    def forget() -> None:
        contact = contacts.by_name(name)
        assert contact is not None
        endpoints.forget(contact.device)

    await home.change(forget)


async def rows(home: Home) -> list[InboxRow]:
    found: list[InboxRow] = await home.change(inboxes.all_rows)
    return found


async def dial(home: Home, place: Place) -> Link:
    """As their node would."""
    return await home.lane.dial(place, "token", 0.0)


async def answer_to(who: Identity, link: Link, home: Home) -> bytes:
    """What somebody hears at this home behind the handshake who asks to be a contact, until the
    link is closed."""
    connection = Connection(link, Channel.dial(who, home.identity.key), who.key)
    await connection.flush()
    await connection.expect(HandshakeDone)
    await connection.send(Hello(0, Purpose.TALK, Incarnation(bytes(16))))
    await connection.send(Speech(connection).envelope(request("let me in")))
    heard = await silence(connection.link)
    await connection.close()
    return heard


async def gone(home: Home, place: Place) -> None:
    """Until an onion of theirs is down."""
    while service_id(place.onion) in home.street.served:
        await home.lane.change(home.lane.status)


async def moved(home: Home, name: str, before: Place) -> Place:
    """Where this contact is since they have moved, once `home` has heard of it."""

    def look() -> Place | None:
        contact = contacts.by_name(name)
        assert contact is not None
        found = endpoints.places(contact.id, home.clock())[0]
        return found if found.client_key and found.onion != before.onion else None

    found: Place = await home.until(look)
    return found


async def delivered(home: Home, to: str, text: str) -> None:
    sent = await home("send", name=to, text=text, wait="delivered", timeout=60)
    assert sent.state == "delivered"


def peers(home: Home) -> list[Peer]:
    assert home.profile is not None
    assert isinstance(home.profile.live, Node)
    assert home.profile.live._peers is not None
    return list(home.profile.live._peers._by_contact.values())


def talks(home: Home) -> list[Talk]:
    """The connections that there are."""
    return [talk for peer in peers(home) for talk in peer._talks]


async def hang_up(home: Home) -> None:
    for talk in talks(home):
        await talk.connection.close()
