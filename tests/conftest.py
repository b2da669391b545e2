"""One private Tor network for all tests that need one; nothing of it outlives them."""

import signal
from collections.abc import Iterator

import pytest

from onionchat.tor.find import find_tor
from onionchat.tor.testnet import Info, start_detached, stop

# A shell's background job ignores Ctrl-C, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Info]:
    """Six real tors on loopback, ready for clients."""
    directory = tmp_path_factory.mktemp("testnet")
    yield start_detached(directory, find_tor())
    assert stop(directory)
