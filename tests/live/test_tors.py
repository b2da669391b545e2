"""Bytes between two onions on the private network: one tor of ours, one that was there before."""

import asyncio
import os
import secrets
from pathlib import Path

import pytest

from onionchat.crypto.identity import Identity
from onionchat.tor.address import unix
from onionchat.tor.attach import FOREIGN_TARGET, attachment
from onionchat.tor.client import TorClient
from onionchat.tor.control import Control
from onionchat.tor.control_errors import ControlRefused
from onionchat.tor.dial_errors import DialError
from onionchat.tor.link import Link
from onionchat.tor.onions import MAX_STREAMS, Onion
from onionchat.tor.testnet import Info
from onionchat.types import OnionKey, Place
from tests.live.tors import debian_settings, dial, free_port, own_tor, round_trip, running, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

EXAMPLE = Path(__file__).parents[2] / "torrc.example"


async def echo(link: Link) -> None:
    while data := await link.read():
        await link.write(data)


def example_torrc(home: Path, port: int, network: Info) -> str:
    """Debian's settings and torrc.example, with paths below `home` and a free port."""
    example = EXAMPLE.read_text().replace("127.0.0.1:9049", f"127.0.0.1:{port}")
    return (
        f'DataDirectory "{home}/data"\n__OwningControllerProcess {os.getpid()}\n'
        f'{debian_settings(home)}{example}%include "{network.client_torrc}"\n'
    )


def test_a_megabyte_between_our_tor_and_one_from_torrc_example(
    tmp_path: Path, network: Info
) -> None:
    async def scene() -> None:
        foreign = tmp_path / "foreign"
        foreign.mkdir(mode=0o700)
        port = free_port()
        there = attachment(f"unix:{foreign}/control", f"127.0.0.1:{port}", {})
        assert there is not None
        identity = Identity.from_seed(secrets.token_bytes(32))
        onion = Onion(identity.tor_blob(), identity.service_id, FOREIGN_TARGET)
        async with (
            running(example_torrc(foreign, port, network), foreign),
            own_tor(tmp_path / "own", network) as ours,
        ):
            theirs = TorClient(there)
            async with asyncio.TaskGroup() as group:
                serving = [
                    group.create_task(theirs.run()),
                    group.create_task(theirs.serve(onion, echo, 2 * MAX_STREAMS)),
                ]
                await theirs.published(identity.service_id)
                await until(ours, "ready")
                link = await dial(ours, Place(OnionKey(identity.key)))
                data = secrets.token_bytes(1 << 20)
                assert await round_trip(link, data) == data
                await link.close()
                await crowd(ours, Place(OnionKey(identity.key)))
                for task in serving:
                    task.cancel()

    asyncio.run(scene())


async def crowd(ours: TorClient, place: Place) -> None:
    """On one circuit there is room for so many, and nobody else's is the worse for it."""
    end = asyncio.get_running_loop().time() + 60
    links = [await ours.dial(place, "one circuit", end) for _ in range(MAX_STREAMS)]
    with pytest.raises(DialError):
        await ours.dial(place, "one circuit", end)
    links.append(await ours.dial(place, "another", end))
    for link in links:
        await link.close()


def test_who_steers_our_tor_cannot_have_it_start_a_program(tmp_path: Path, network: Info) -> None:
    home = tmp_path / "own"

    async def scene() -> None:
        async with own_tor(home, network) as ours:
            await until(ours, "ready")
            control = await Control.connect(unix(home / "control"), cookie=home / "cookie")
            assert "NoExec=1" in await control.ask("GETCONF NoExec")
            with pytest.raises(ControlRefused):
                await control.ask("SETCONF NoExec=0")
            await control.close()

    asyncio.run(scene())


def test_an_address_that_nobody_serves_is_offline(tmp_path: Path, network: Info) -> None:
    async def scene() -> None:
        nobody = Identity.from_seed(secrets.token_bytes(32))
        async with own_tor(tmp_path / "own", network) as ours:
            await until(ours, "ready")
            deadline = asyncio.get_running_loop().time() + 60
            with pytest.raises(DialError) as failed:
                await ours.dial(Place(OnionKey(nobody.key)), "token", deadline)
            assert failed.value.reason == "offline"

    asyncio.run(scene())
