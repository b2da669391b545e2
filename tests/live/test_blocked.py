"""A network that lets no tor through, as tor sees it: nobody listens, or nobody answers."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from onionchat.tor import bootstrap
from onionchat.tor.client import TorClient
from onionchat.tor.status import TorStatus
from onionchat.tor.testnet import Info
from tests.live.tors import own_tor

pytestmark = [pytest.mark.live, pytest.mark.timeout(60)]


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "PATIENCE", 2.0)


@pytest.fixture(params=["refuses", "swallows"])
def relay(request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of a relay that is none."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        if request.param == "swallows":
            door.listen()
        yield door.getsockname()[1]


def behind(port: int, directory: Path) -> Info:
    """A network whose only way in is this port."""
    torrc = directory / "client.torrc"
    torrc.write_text(
        f"TestingTorNetwork 1\nDirAuthority a orport={port} no-v2 v3ident={'A' * 40} "
        f"127.0.0.1:1 {'B' * 40}\n"
    )
    return Info(directory, torrc)


async def warned(client: TorClient) -> TorStatus:
    status = client.status
    while "no answer" not in (status.warning or ""):
        status = await client.change(status)
    return status


@pytest.mark.parametrize("bridged", [False, True])
def test_it_is_named_with_the_next_step(tmp_path: Path, relay: int, bridged: bool) -> None:
    bridges = (f"127.0.0.1:{relay} {'B' * 40}",) if bridged else ()

    async def scene() -> TorStatus:
        async with own_tor(tmp_path / "t", behind(relay, tmp_path), bridges=bridges) as client:
            return await warned(client)

    status = asyncio.run(scene())
    assert (status.state, status.bootstrap) in {("bootstrapping", 5), ("bootstrapping", 10)}
    assert status.step in {"calling a relay", "waiting for a relay's answer"}
    cause = "try another one" if bridged else "it looks as if this network blocks tor; try a bridge"
    assert cause in str(status.warning)
