"""`python -m tests.load.crowd DIRECTORY ADDRESS`: strangers, as many as one core can play.

A thousand sit at the door with half a first message and come back as soon as they are sent
away. Beside them others come and go as fast as they can: with half a message, with a whole
one, or through all of the handshake as somebody new, and with a request.
"""

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Never

from onionchat.crypto.address import parse_address, service_id
from onionchat.crypto.handshake import Initiator
from onionchat.crypto.identity import Identity
from onionchat.errors import OnionchatError
from onionchat.hardening import die_with_parent
from onionchat.node.clock import wait
from onionchat.node.connection import Connection
from onionchat.protocol.channel import Channel
from onionchat.tor.link import Link, connect
from onionchat.types import IdentityKey, OnionKey
from tests.node.caller import Speech, greet, request
from tests.rpc.neighbour import Signposts

SITTING = 1000
COMING = 32
PAUSE = 0.05
"""Seconds before somebody who found no way in tries again."""
M2_SIZE = 1260

Stranger = Callable[[Link, IdentityKey], Awaitable[object]]


async def sit(link: Link, whom: IdentityKey) -> None:
    """Say half of M1 and wait."""
    await link.write(b"\x01\x01" + bytes(15))
    while await link.read():
        pass


async def hang_up(link: Link, whom: IdentityKey) -> None:
    await link.write(b"\x01\x01" + bytes(15))


async def leave_it_there(link: Link, whom: IdentityKey) -> None:
    """Have M2 made, and go."""
    await link.write(Initiator(Identity.from_seed(secrets.token_bytes(32)), whom).m1())
    heard = 0
    while heard < M2_SIZE and (data := await link.read()):
        heard += len(data)


async def ask(link: Link, whom: IdentityKey) -> None:
    me = Identity.from_seed(secrets.token_bytes(32))
    connection = Connection(link, Channel.dial(me, whom), me.key)
    await greet(connection)
    await connection.send(Speech(connection).envelope(request("let me in")))


async def crowd(directory: Path, whom: IdentityKey) -> Never:
    address = Signposts(directory / "street")[service_id(OnionKey(whom))]

    loop, never = asyncio.get_running_loop(), asyncio.Event()

    async def again_and_again(*ways: Stranger) -> Never:
        while True:
            for way in ways:
                try:
                    link = await connect(address)
                except OSError:
                    await wait(never, loop.time() + PAUSE)
                    continue
                with suppress(OSError, EOFError, OnionchatError):
                    await way(link, whom)
                await link.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(SITTING):
            group.create_task(again_and_again(sit))
        for _ in range(COMING):
            group.create_task(again_and_again(hang_up, leave_it_there, ask))
    raise AssertionError("a crowd never ends")


if __name__ == "__main__":
    die_with_parent(signal.SIGKILL, os.getppid())
    directory, address = sys.argv[1:]
    asyncio.run(crowd(Path(directory), parse_address(address)))
