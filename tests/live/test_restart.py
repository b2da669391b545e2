"""A tor that dies under a node: it is started again, and serves the same onion."""

import asyncio
import os
import secrets
import signal
from pathlib import Path

import pytest

from onionchat.crypto.address import parse_address
from onionchat.crypto.handshake import Initiator
from onionchat.crypto.identity import Identity
from onionchat.paths import locate
from onionchat.rpc.client import Client
from onionchat.tor.client import TorClient
from onionchat.tor.testnet import Info
from onionchat.types import IdentityKey, OnionKey, Place
from tests.live.person import Person
from tests.live.test_testnet import tors_of
from tests.live.tors import dial, own_tor, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

M2_SIZE = 1260


def test_the_onion_is_back_after_its_tor_was_killed(tmp_path: Path, network: Info) -> None:
    with Person("bob", tmp_path / "bob", network.client_torrc) as bob:
        key = OnionKey(parse_address(bob.init()))
        bob.start()
        with Client.connect(locate(bob.home, "default", {}).rpc_socket) as watching:
            watching.call("subscribe", since=None)
            (tor,) = tors_of(bob.home)
            os.kill(tor, signal.SIGKILL)
            until_told(watching, "lost")
            until_told(watching, "ready")
        assert tor not in tors_of(bob.home)
        asyncio.run(answers(key, tmp_path / "own", network))


def until_told(watching: Client, state: str) -> None:
    """In that state, and with nothing still to come: `ready` is also published."""
    while True:
        event = watching.notification(60)
        told = event["params"]
        if event["method"] == "tor.state" and (told["state"], told["step"]) == (state, None):
            return


async def answers(key: OnionKey, home: Path, network: Info) -> None:
    """Whoever serves this onion holds the key of its identity."""
    async with own_tor(home, network) as ours:
        await until(ours, "ready")
        await greeted(ours, key)


async def greeted(ours: TorClient, key: OnionKey) -> None:
    link = await dial(ours, Place(key))
    initiator = Initiator(Identity.from_seed(secrets.token_bytes(32)), IdentityKey(key))
    await link.write(initiator.m1())
    m2 = b""
    while len(m2) < M2_SIZE and (more := await link.read(M2_SIZE - len(m2))):
        m2 += more
    initiator.m3(m2)
    await link.close()
