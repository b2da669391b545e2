"""A private network, from its keys to the moment a client can use it, until it is cancelled.

Readiness is not guessed from the logs of authorities: a client of the network is started
with it, and when that client has bootstrapped, so will others. Then it ends.
"""

import asyncio
import os
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from onionchat.errors import UnreachableError
from onionchat.tor.find import TorBinary
from onionchat.tor.process import OnLine, TorProcess, run_tor
from onionchat.tor.testnet.config import NODES, client_torrc, plan, server_torrc
from onionchat.tor.testnet.keys import authority_line

START_DEADLINE = 90.0
"""Seconds; 15 are usual on two cores."""


Keep = Callable[[TorBinary, str, Path, OnLine], Coroutine[Any, Any, NoReturn]]
"""Runs one node: its torrc, its directory."""


@dataclass(frozen=True, slots=True)
class Info:
    """A running network: what to give to `onionchat up --torrc-include`, and who is in it."""

    dir: Path
    client_torrc: Path
    nodes: tuple[str, ...] = NODES


async def run(
    directory: Path, binary: TorBinary, on_ready: Callable[[Info], None], keep: Keep = run_tor
) -> NoReturn:
    """Keep a new network up until cancelled. UnreachableError, alone or in a group."""
    nodes = plan(directory)
    for node in nodes:
        _fresh(node.home)
    lines = [authority_line(node, binary) for node in nodes if node.is_authority]
    authorities = "".join(await asyncio.gather(*lines))
    info = Info(directory, directory / "client.torrc")
    info.client_torrc.write_text(client_torrc(authorities))
    async with asyncio.TaskGroup() as group:
        for node in nodes:
            torrc = server_torrc(node, authorities, os.getpid())
            group.create_task(keep(binary, torrc, node.home, _ignore))
        await _bootstrapped(directory / "probe", binary, authorities)
        on_ready(info)
    raise UnreachableError("every node of the private network has ended", "start it again")


async def _bootstrapped(home: Path, binary: TorBinary, authorities: str) -> None:
    """Returns when a client has found its way in; UnreachableError if none does in time."""
    _fresh(home)
    done = asyncio.Event()

    def look(line: str) -> None:
        if "Bootstrapped 100%" in line:
            done.set()

    own = f'DataDirectory "{home}"\nSocksPort auto\nLog notice stdout\n'
    torrc = client_torrc(authorities) + own + f"__OwningControllerProcess {os.getpid()}\n"
    try:
        async with (
            asyncio.timeout(START_DEADLINE),
            await TorProcess.start(binary, torrc, home, look) as tor,
            asyncio.TaskGroup() as group,
        ):
            running = group.create_task(tor.run())
            await done.wait()
            running.cancel()
    except TimeoutError:
        raise UnreachableError(
            f"the private network was not usable within {START_DEADLINE:g} seconds",
            "look whether this machine is very busy, then try again",
        ) from None
    shutil.rmtree(home)


def _fresh(home: Path) -> None:
    """Nothing of an earlier network: its keys and its consensus would only confuse."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700)


def _ignore(_: str) -> None:
    """The nodes' own logs: who wants them sets `Log` in their torrc."""
