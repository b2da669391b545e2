"""`python -m tests.live.shut_onions DIRECTORY CLIENT_TORRC`: onions that everybody can find, and
nobody gets through to, each for another reason. It says their addresses when tor has
announced them.

    keyed   asks for a key, which nobody was given
    stale   its program was killed: the socket is there, and nobody listens
    gone    its program has left no socket
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
from pathlib import Path
from typing import Never

from onionchat.crypto import client_key
from onionchat.crypto.address import format_address
from onionchat.crypto.identity import Identity
from onionchat.hardening import die_with_parent
from onionchat.tor.address import unix
from onionchat.tor.link import Link
from onionchat.tor.onions import Onion
from onionchat.tor.testnet import Info
from tests.live.tors import own_tor

NAMES = ("keyed", "stale", "gone")


async def _nobody(link: Link) -> None:
    await link.close()


async def _run(home: Path, client_torrc: Path) -> Never:
    key = client_key.public(secrets.token_bytes(32))
    async with own_tor(home, Info(home, client_torrc)) as tor, asyncio.TaskGroup() as group:
        people = {name: Identity.from_seed(secrets.token_bytes(32)) for name in NAMES}
        for name, who in people.items():
            clients = frozenset({key} if name == "keyed" else ())
            onion = Onion(who.tor_blob(), who.service_id, unix(home / name), clients)
            group.create_task(tor.serve(onion, _nobody, 1))
        for who in people.values():
            await tor.published(who.service_id)
        (home / "gone").unlink()
        (home / "stale").unlink()
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(bytes(home / "stale"))
        print(json.dumps({n: format_address(w.key) for n, w in people.items()}), flush=True)
        await asyncio.Event().wait()
    raise AssertionError


if __name__ == "__main__":
    die_with_parent(signal.SIGKILL, os.getppid())
    asyncio.run(_run(Path(sys.argv[1]), Path(sys.argv[2])))
