"""Real tors on the private network, and what the node sees of them."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NoReturn

import pytest

from onionchat.tor.address import unix
from onionchat.tor.attach import Attachment
from onionchat.tor.client import TorClient
from onionchat.tor.dial_errors import DialError, GeneralFailure, Refused
from onionchat.tor.find import TorBinary, find_tor
from onionchat.tor.link import Link
from onionchat.tor.process import OnLine, TorFailed, TorProcess, run_tor
from onionchat.tor.status import TorStatus
from onionchat.tor.testnet import Info
from onionchat.tor.testnet.network import Keep
from onionchat.tor.torrc import Places, own_torrc
from onionchat.types import Place

IMPATIENCE = 5.0
HALF_WAY = (GeneralFailure, Refused)
"""What tor says where it has found an onion, and the program behind that does not answer."""


def quiet(_: str) -> None:
    """tor's log is not what these tests look at."""


async def again(binary: TorBinary, torrc: str, home: Path, on_line: OnLine) -> NoReturn:
    """Whenever it dies it is started again, at once."""
    while True:
        with suppress(TorFailed):
            await run_tor(binary, torrc, home, on_line)


def places_in(home: Path) -> Places:
    home.mkdir(mode=0o700)
    return Places(home / "data", home / "control", home / "socks", home / "cookie")


@asynccontextmanager
async def own_tor(
    home: Path, network: Info | None, *, bridges: Sequence[str] = (), keep: Keep = run_tor
) -> AsyncIterator[TorClient]:
    """A tor as the supervisor starts it, steered by a client that runs inside the block."""
    places = places_in(home)
    include = network.client_torrc if network else None
    torrc = own_torrc(places, os.getpid(), include=include, bridges=bridges)
    attachment = Attachment(unix(places.control), unix(places.socks), places.cookie)
    async with asyncio.TaskGroup() as group:
        tor = group.create_task(keep(find_tor(), torrc, home, quiet))
        client = TorClient(attachment)
        steering = group.create_task(client.run())
        yield client
        steering.cancel()
        tor.cancel()


@asynccontextmanager
async def running(torrc: str, home: Path) -> AsyncIterator[None]:
    """A tor with this configuration, for as long as the block lasts."""
    async with (
        await TorProcess.start(find_tor(), torrc, home, quiet) as tor,
        asyncio.TaskGroup() as group,
    ):
        listening = group.create_task(tor.run())
        yield
        listening.cancel()


async def until(client: TorClient, state: str) -> TorStatus:
    status = client.status
    while status.state != state:
        status = await client.change(status)
    return status


async def dial(client: TorClient, place: Place) -> Link:
    """As a node does: a descriptor may lag behind its upload, so it tries again."""
    loop = asyncio.get_running_loop()
    for attempt in range(5):
        try:
            return await client.dial(place, f"token{attempt}", loop.time() + 30)
        except DialError:
            continue
    raise AssertionError("the onion could not be reached")


async def refused(client: TorClient, place: Place) -> DialError:
    """Why the key is not taken there. Dials until then, too, must be in vain: a descriptor may
    lag behind its upload, and where an onion has just gone tor may wait for very long."""
    loop = asyncio.get_running_loop()
    while True:
        with pytest.raises(DialError) as failed:
            await client.dial(place, secrets.token_hex(8), loop.time() + IMPATIENCE)
        if failed.value.reason == "unauthorised":
            return failed.value


async def round_trip(link: Link, data: bytes) -> bytes:
    """Write while reading: a megabyte does not fit into the windows on the way."""
    back = b""
    async with asyncio.TaskGroup() as group:
        group.create_task(link.write(data))
        while len(back) < len(data):
            back += await link.read()
    return back


def debian_settings(run: Path) -> str:
    """What its package puts before /etc/tor/torrc, with `run` for /run/tor and without the
    SOCKS port 9050, which a tor of this machine may have."""
    return f"""\
ControlSocket {run}/control GroupWritable RelaxDirModeCheck
ControlSocketsGroupWritable 1
SocksPort unix:{run}/socks WorldWritable
CookieAuthentication 1
CookieAuthFileGroupReadable 1
CookieAuthFile {run}/control.authcookie
"""


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])
