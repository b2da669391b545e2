"""Why a message waits, for every reason that tor can give: tests/transcripts/waiting."""

import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from onionchat.crypto.address import parse_address
from onionchat.crypto.vault import Cost
from onionchat.node.clock import wall_clock
from onionchat.node.inbox import UNSUPPORTED
from onionchat.node.profile import create_profile
from onionchat.paths import locate
from onionchat.store import contacts, messages
from onionchat.store.messages import Received
from onionchat.tor.testnet import Info
from onionchat.types import MessageId, StreamId
from tests.child import Child
from tests.live.test_transcripts import TRANSCRIPTS
from tests.load.filling import befriend
from tests.load.profiles import fill
from tests.load.street_node import PASSPHRASE
from tests.transcript import Transcript

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

WAITING = TRANSCRIPTS.parent / "waiting" / "reasons.txt"


@pytest.fixture
def shut(network: Info, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Addresses that nobody gets through to, by what is wrong with them."""
    words = (sys.executable, "-m", "tests.live.shut_onions")
    with Child(
        [*words, str(tmp_path / "shut"), str(network.client_torrc)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        addresses: dict[str, str] = json.loads(process.stdout.readline())
        yield addresses
        process.kill()


def profile(home: Path) -> tuple[Path, str]:
    """A new one in this home, which opens fast."""
    home.mkdir(mode=0o700)
    paths = locate(None, "default", {"HOME": str(home)})
    return home, create_profile(paths, PASSPHRASE, Cost.FLOOR)


def acquaint(home: Path, people: dict[str, str], *more: Callable[[], None]) -> None:
    """These are contacts in the profile, whom it has never talked to."""
    keys = {name: parse_address(each) for name, each in people.items()}
    fill(locate(None, "default", {"HOME": str(home)}), partial(befriend, keys), *more)


def from_the_future() -> None:
    """Their only contact has sent what this program cannot read."""
    (row,) = contacts.all_rows()
    now, number = wall_clock(), MessageId(secrets.token_bytes(16))
    received = Received(number, StreamId(bytes(8)), 1, "unsupported", UNSUPPORTED, now, late=False)
    messages.add_received(row.conversation, row.id, [received], now)


def test_every_reason_is_said(
    network: Info, shut: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("w")
    (anna, annas), (ben, bens) = profile(place / "anna"), profile(place / "ben")
    acquaint(anna, {"ben": bens, **shut})
    acquaint(ben, {"anna": annas}, from_the_future)
    with ExitStack() as stack:
        Transcript(place, stack, TORRC=str(network.client_torrc)).run(WAITING)
