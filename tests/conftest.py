"""One private Tor network for all tests that need one; nothing of it outlives them."""

from collections.abc import Iterator

import pytest

from onionchat.tor.find import find_tor
from onionchat.tor.testnet import Info, start_detached, stop


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Info]:
    """Six real tors on loopback, ready for clients."""
    directory = tmp_path_factory.mktemp("testnet")
    yield start_detached(directory, find_tor())
    assert stop(directory)
