"""TorClient against a scripted control port: what it does when tor comes, goes and refuses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from onionchat.errors import LocalError
from onionchat.tor.address import UnixAddress
from onionchat.tor.attach import Attachment
from onionchat.tor.client import TorClient
from onionchat.tor.dial_errors import Starting
from onionchat.tor.link import Link
from onionchat.tor.onions import Onion
from onionchat.tor.status import TorStatus
from onionchat.types import OnionKey, Place
from tests.tor.scripted_tor import ID, ScriptedTor

HSDIR = "$" + "A" * 40 + "~relay"
UPLOADS = (f"HS_DESC UPLOAD {ID} UNKNOWN {HSDIR} blinded", f"HS_DESC UPLOADED {ID} UNKNOWN {HSDIR}")


async def unanswered(link: Link) -> None:
    await link.read()


async def until(client: TorClient, state: str) -> TorStatus:
    status = client.status
    while status.state != state:
        status = await client.change(status)
    return status


@asynccontextmanager
async def serving(client: TorClient, directory: Path) -> AsyncIterator[asyncio.TaskGroup]:
    """`client` running with one onion; the group ends with the body."""
    onion = Onion("blob", ID, UnixAddress(directory / "onion"))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(client.run())
        served = group.create_task(client.serve(onion, unanswered, 4))
        try:
            yield group
        finally:
            served.cancel()
            running.cancel()


def client_of(tor: ScriptedTor) -> TorClient:
    return TorClient(Attachment(tor.address, tor.socks))


def test_an_onion_is_published_when_its_uploads_are_accepted(tmp_path: Path) -> None:
    async def run() -> None:
        async with ScriptedTor(tmp_path).running() as tor:
            client = client_of(tor)
            async with serving(client, tmp_path):
                await tor.until_asked("ADD_ONION")
                assert (await until(client, "ready")).version == "0.4.9.11"
                assert not client.status.published
                await _accept(tor, client)
                assert client.status == TorStatus("ready", 100, "0.4.9.11", None, frozenset([ID]))

    asyncio.run(run())


async def _accept(tor: ScriptedTor, client: TorClient) -> None:
    """Events may pass the answer to ADD_ONION in the script, as they never do in tor."""
    while client.status.state != "ready":
        await client.change(client.status)
    tor.tell(*UPLOADS)
    await client.published(ID)


def test_an_onion_without_introduction_points_is_not_published(tmp_path: Path) -> None:
    async def run() -> None:
        async with ScriptedTor(tmp_path).running() as tor:
            client = client_of(tor)
            async with serving(client, tmp_path):
                await tor.until_asked("ADD_ONION")
                await _accept(tor, client)
                tor.tell(f"CIRC 7 BUILT $A~r PURPOSE=HS_SERVICE_INTRO REND_QUERY={ID}")
                tor.tell("CIRC 7 CLOSED $A~r PURPOSE=HS_SERVICE_INTRO")
                while client.status.published:
                    await client.change(client.status)
                tor.tell(f"CIRC 8 BUILT $A~r PURPOSE=HS_SERVICE_INTRO REND_QUERY={ID}")
                await client.published(ID)

    asyncio.run(run())


def test_everything_is_done_again_after_the_connection_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onionchat.tor.client.FIRST_PAUSE", 0.0)

    async def run() -> None:
        async with ScriptedTor(tmp_path).running() as tor:
            client = client_of(tor)
            async with serving(client, tmp_path):
                await tor.until_asked("ADD_ONION")
                await _accept(tor, client)
                tor.drop()
                assert (await until(client, "lost")).published == frozenset()
                await tor.until_asked("ADD_ONION", times=2)
                await _accept(tor, client)

    asyncio.run(run())


def test_what_is_no_longer_served_is_taken_down(tmp_path: Path) -> None:
    async def run() -> None:
        async with ScriptedTor(tmp_path).running() as tor:
            client = client_of(tor)
            onion = Onion("blob", ID, UnixAddress(tmp_path / "onion"))
            async with asyncio.TaskGroup() as group:
                running = group.create_task(client.run())
                served = group.create_task(client.serve(onion, unanswered, 4))
                await tor.until_asked("ADD_ONION")
                served.cancel()
                await tor.until_asked(f"DEL_ONION {ID}")
                running.cancel()

    asyncio.run(run())


def test_a_refusal_is_a_warning_and_not_the_end(tmp_path: Path) -> None:
    async def run() -> None:
        async with ScriptedTor(tmp_path).running() as tor:
            tor.answers |= {"ADD_ONION": "550 Onion address collision", "DEL_ONION": "552 Unknown"}
            client = client_of(tor)
            async with serving(client, tmp_path):
                status = client.status
                while not status.warning:
                    status = await client.change(status)
                assert "another program" in status.warning
                assert status.state == "ready"

    asyncio.run(run())


def test_a_wrong_key_is_our_bug_and_gets_out(tmp_path: Path) -> None:
    async def run() -> None:
        async with ScriptedTor(tmp_path).running() as tor:
            tor.answers["ADD_ONION"] = f"250-ServiceID={'a' * 56}\r\n250 OK"
            async with serving(client_of(tor), tmp_path):
                await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as loud:
        asyncio.run(run())
    assert loud.group_contains(LocalError)


def test_no_dial_before_tor_is_ready(tmp_path: Path) -> None:
    async def run() -> None:
        async with ScriptedTor(tmp_path).running() as tor:
            tor.answers["GETINFO status/bootstrap-phase"] = (
                "250-status/bootstrap-phase=NOTICE BOOTSTRAP PROGRESS=30 TAG=conn\r\n250 OK"
            )
            client = client_of(tor)
            with pytest.raises(Starting):
                await client.dial(Place(OnionKey(bytes(32))), "token", 1e9)
            async with serving(client, tmp_path):
                assert (await until(client, "bootstrapping")).bootstrap == 30
                with pytest.raises(Starting):
                    await client.dial(Place(OnionKey(bytes(32))), "token", 1e9)

    asyncio.run(run())


@pytest.mark.parametrize("patience", [0.0, 3600.0])
def test_a_tor_that_is_being_started_is_no_trouble_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    tried = asyncio.Event()

    async def tell(self: TorClient, seconds: float) -> None:
        tried.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(TorClient, "_wait", tell)

    async def run() -> None:
        tor = ScriptedTor(tmp_path)
        client = TorClient(Attachment(tor.address, tor.socks, patience=patience))
        async with asyncio.TaskGroup() as group:
            running = group.create_task(client.run())
            await tried.wait()
            assert client.status.state == "starting"
            assert (client.status.warning is None) == bool(patience)
            running.cancel()

    asyncio.run(run())


def test_the_pauses_grow_and_a_good_connection_resets_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    enough = asyncio.Event()

    async def note(self: TorClient, seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 14:
            enough.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(TorClient, "_wait", note)

    async def run() -> None:
        client = client_of(ScriptedTor(tmp_path))
        async with asyncio.TaskGroup() as group:
            running = group.create_task(client.run())
            await enough.wait()
            assert client.status.state == "starting"
            assert client.status.warning
            running.cancel()

    asyncio.run(run())
    assert pauses[:4] == [1.0, 1.5, 2.25, 3.375]
    assert pauses[-3:] == [60.0, 60.0, 60.0]
