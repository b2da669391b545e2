"""`python -m tests.load.flooder DIRECTORY SEED ADDRESS`: a contact who says all that is allowed.

New messages, the same again, and pings, as fast as one core makes them; what comes back is
read and thrown away. When the other side hangs up it dials again, with a session of its own.
"""

import asyncio
import os
import secrets
import signal
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Never

from onionchat.crypto.address import parse_address, service_id
from onionchat.crypto.identity import Identity
from onionchat.errors import OnionchatError
from onionchat.hardening import die_with_parent
from onionchat.node.connection import Connection
from onionchat.protocol.channel import Channel
from onionchat.protocol.events import Ping
from onionchat.protocol.records import Text
from onionchat.tor.link import connect
from onionchat.types import IdentityKey, MessageId, Millis, OnionKey
from tests.node.caller import STREAM, Speech, greet
from tests.rpc.neighbour import Signposts

AT_ONCE = 32


async def flood(directory: Path, me: Identity, whom: IdentityKey) -> Never:
    place = Signposts(directory / "street")[service_id(OnionKey(whom))]
    numbers = count(1)
    while True:
        with suppress(OSError, OnionchatError, BaseExceptionGroup):
            connection = Connection(await connect(place), Channel.dial(me, whom), me.key)
            await greet(connection)
            async with asyncio.TaskGroup() as group:
                group.create_task(_listen(connection))
                await _talk(connection, numbers)


async def _listen(connection: Connection) -> Never:
    while await connection.events():
        pass
    raise ConnectionResetError


async def _talk(connection: Connection, numbers: "count[int]") -> Never:
    speech = Speech(connection)
    while True:
        new = [speech.envelope(_message(next(numbers))) for _ in range(AT_ONCE)]
        pings = [Ping(secrets.token_bytes(8)) for _ in range(AT_ONCE)]
        await connection.send(*new, *new, *pings)


def _message(number: int) -> Text:
    now = Millis(time.time_ns() // 1_000_000)
    return Text(MessageId(secrets.token_bytes(16)), STREAM, number, now, None, f"buy this {number}")


if __name__ == "__main__":
    die_with_parent(signal.SIGKILL, os.getppid())
    directory, seed, address = sys.argv[1:]
    me = Identity.from_seed(bytes.fromhex(seed))
    asyncio.run(flood(Path(directory), me, parse_address(address)))
