"""Two people on the private Tor network."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from onionchat.tor.testnet import Info
from tests.live.person import Person


@pytest.fixture
def people(tmp_path: Path, network: Info) -> Iterator[tuple[Person, Person]]:
    with (
        Person("alice", tmp_path / "a", network.client_torrc) as alice,
        Person("bob", tmp_path / "b", network.client_torrc) as bob,
    ):
        yield alice, bob
