"""Out through an obfs4 bridge and nothing else, found and started as a person would have it."""

import asyncio
import os
import re
import secrets
import select
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from onionchat.crypto.identity import Identity
from onionchat.tor.address import unix
from onionchat.tor.control import Control
from onionchat.tor.link import Link
from onionchat.tor.onions import Onion
from onionchat.tor.testnet import Info
from onionchat.types import OnionKey, Place
from tests.live.bridge import Bridge, bridge
from tests.live.person import Person
from tests.live.test_conversation import wait_for
from tests.live.tors import dial, own_tor, round_trip, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def entrance(tmp_path_factory: pytest.TempPathFactory, network: Info) -> Iterator[Bridge]:
    with bridge(tmp_path_factory.mktemp("bridge") / "b", network) as made:
        yield made


async def echo(link: Link) -> None:
    while data := await link.read():
        await link.write(data)


async def relays_connected_to(home: Path) -> set[str]:
    """As the tor in `home` says, at this moment."""
    control = await Control.connect(unix(home / "control"), cookie=home / "cookie")
    try:
        lines = await control.ask("GETINFO orconn-status")
    finally:
        await control.close()
    return set(re.findall(r"\$([0-9A-F]{40})", "\n".join(lines)))


def test_bytes_both_ways_and_no_connection_but_to_the_bridge(
    tmp_path: Path, network: Info, entrance: Bridge
) -> None:
    identity = Identity.from_seed(secrets.token_bytes(32))
    hidden, open_ = tmp_path / "hidden", tmp_path / "open"

    async def scene() -> tuple[set[str], set[str]]:
        async with (
            own_tor(hidden, network, bridges=[entrance.line]) as behind,
            own_tor(open_, network) as ours,
            asyncio.TaskGroup() as group,
        ):
            onion = Onion(identity.tor_blob(), identity.service_id, unix(hidden / "onion"))
            serving = group.create_task(behind.serve(onion, echo, 4))
            await behind.published(identity.service_id)
            await until(ours, "ready")
            link = await dial(ours, Place(OnionKey(identity.key)))
            data = secrets.token_bytes(100_000)
            assert await round_trip(link, data) == data
            connected = await relays_connected_to(hidden), await relays_connected_to(open_)
            await link.close()
            serving.cancel()
        return connected

    through_bridge, without = asyncio.run(scene())
    assert through_bridge == {entrance.fingerprint}
    assert without
    assert entrance.fingerprint not in without, "the question finds a guard, too"


def children(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def family(person: Person) -> list[int]:
    """Descriptors of node, tor and obfs4proxy, which can be read when the process is gone."""
    assert person.up is not None
    started = children(person.up.pid)
    pids = started + [pid for parent in started for pid in children(parent)]
    names = [Path(f"/proc/{pid}/comm").read_text().strip() for pid in pids]
    assert {"tor", "obfs4proxy"} <= set(names)
    return [os.pidfd_open(pid) for pid in pids]


def end(watched: list[int]) -> None:
    for process in watched:
        assert select.select([process], [], [], 10)[0], "a process has outlived its node"
        os.close(process)


def test_messages_through_the_bridge_and_no_process_stays(
    tmp_path: Path, network: Info, entrance: Bridge
) -> None:
    with (
        Person("alice", tmp_path / "a", network.client_torrc) as alice,
        Person("bob", tmp_path / "b", network.client_torrc) as bob,
    ):
        alice.init()
        address = bob.init()
        bob.start()
        alice.start("--bridge", entrance.line)
        alice.one("contact", "add", "bob", address)
        (request,) = wait_for(bob, "request", "list")
        bob.one("request", "accept", str(request["number"]), "--name", "alice")
        bob.one("send", "alice", stdin="over there\n")
        (heard,) = alice("receive", "--timeout", "60")
        assert heard["text"] == "over there"
        alice.one("send", "bob", "--wait", "delivered", "--timeout", "60", stdin="and back\n")
        watched = family(alice)
        alice.stop()
        end(watched)

        alice.start("--bridge", entrance.line)
        watched = family(alice)
        assert alice.up is not None
        os.kill(alice.up.pid, signal.SIGKILL)
        end(watched)
