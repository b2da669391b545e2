"""The profile for Tails' filter lets through every line that we send to a running tor."""

import asyncio
import re
from contextlib import suppress
from pathlib import Path

import pytest

from onionchat.crypto.identity import Identity
from onionchat.tor.address import UnixAddress
from onionchat.tor.attach import FOREIGN_TARGET, Attachment
from onionchat.tor.client import TorClient
from onionchat.tor.dial_errors import DialError
from onionchat.tor.events import BESIDES, SUBSCRIBED
from onionchat.tor.link import Link
from onionchat.tor.onions import Onion
from onionchat.types import OnionKey, Place
from tests.tor.scripted_tor import ScriptedTor

ROOT = Path(__file__).parents[2]
PROFILE = (ROOT / "packaging" / "tails" / "onionchat.yml").read_text()
BY_ITSELF = {"PROTOCOLINFO", "AUTHENTICATE", "AUTHCHALLENGE"}
"""What the filter answers and never passes on."""

INBOX = Place(OnionKey(bytes(32)), bytes(range(32)))
IDENTITY = Identity.from_seed(bytes(range(32)))


def rules() -> dict[str, list[str]]:
    """The patterns of each command, by the indentation of the file; each event has none."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in PROFILE.splitlines():
        if key := re.fullmatch(r" {4}([A-Z_]+):", line):
            current = found.setdefault(key[1], [])
        elif pattern := re.fullmatch(r" {6}- '(.*)'", line):
            current.append(pattern[1])
    return found


RULES = rules()


def passes(line: str) -> bool:
    """As the filter decides: the whole of the arguments must match."""
    command, _, arguments = line.partition(" ")
    if command in BY_ITSELF:
        return True
    if command == "SETEVENTS":
        return all(event in RULES for event in arguments.split())
    return any(re.match(f"{pattern}$", arguments) for pattern in RULES.get(command, []))


class Filtered(ScriptedTor):
    """A tor behind the filter."""

    def _answer(self, line: str) -> str:
        return super()._answer(line) if passes(line) else "510 Command filtered"


async def unanswered(link: Link) -> None:
    await link.read()


def test_an_onion_comes_and_goes_behind_the_filter(tmp_path: Path) -> None:
    async def scene() -> list[str]:
        async with Filtered(tmp_path).running() as tor:
            tor.answers["ADD_ONION"] = f"250-ServiceID={IDENTITY.service_id}\r\n250 OK"
            client = TorClient(Attachment(tor.address, UnixAddress(tmp_path / "socks")))
            blob, clients = IDENTITY.tor_blob(), frozenset({bytes(32), b"k" * 32})
            onion = Onion(blob, IDENTITY.service_id, FOREIGN_TARGET, clients)
            async with asyncio.TaskGroup() as group:
                running = group.create_task(client.run())
                served = group.create_task(client.serve(onion, unanswered, 4))
                await tor.until_asked("ADD_ONION")
                while (status := client.status).state != "ready":
                    await client.change(status)
                with suppress(DialError):
                    await client.dial(INBOX, "token", asyncio.get_running_loop().time() + 5)
                await client.forget(INBOX)
                served.cancel()
                await tor.until_asked("DEL_ONION")
                running.cancel()
            assert {"ONION_CLIENT_AUTH_ADD", "ONION_CLIENT_AUTH_REMOVE"} <= {
                line.split()[0] for line in tor.asked
            }
            return tor.asked

    asked = asyncio.run(scene())
    refused = [line for line in asked if not passes(line)]
    assert refused == [f"SETEVENTS {SUBSCRIBED} {BESIDES}"], "circuits are others' too: without"


def test_the_program_has_no_command_that_the_profile_lacks() -> None:
    source = "".join(path.read_text() for path in (ROOT / "onionchat" / "tor").glob("*.py"))
    lines = re.findall(r'ask\(\s*f?"([A-Z]+(?:_[A-Z]+)*)', source)
    assert set(lines) == set(RULES) - set(SETEVENTS) | {"SETEVENTS"}
    keys = re.findall(r'_info\("([^"]+)"\)', source)
    assert keys == RULES["GETINFO"]


SETEVENTS = ("STATUS_CLIENT", "STATUS_GENERAL", "HS_DESC", "NETWORK_LIVENESS", "SIGNAL")


@pytest.mark.parametrize(
    "line",
    [
        "SIGNAL NEWNYM",
        "GETINFO address",
        "SETCONF DisableNetwork=1",
        f"ADD_ONION ED25519-V3:{'A' * 88} Flags=DiscardPK,Detach Port=5222,127.0.0.1:1",
        f"ADD_ONION ED25519-V3:{'A' * 88} Flags=DiscardPK Port=5222,192.0.2.1:1",
        "SETEVENTS STREAM",
    ],
)
def test_it_lets_nothing_else_through(line: str) -> None:
    assert not passes(line)
