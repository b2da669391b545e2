"""One private Tor network for all tests that need one; nothing of it outlives them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onionchat.tor.testnet import Info
from tests.child import Child

# What a test starts inherits what our own starter ignored or blocked: Ctrl-C in a shell's
# background job, SIGTERM under some runners, with which a test of signals waits for ever.
signal.pthread_sigmask(signal.SIG_SETMASK, ())
for _number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGCHLD):
    signal.signal(_number, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """Signals and umask belong to the whole process: what one test leaves, another trips over."""
    before = _process_state()
    yield
    assert _process_state() == before


def _process_state() -> object:
    """SIGALRM is the one of the timeout of each test, which has its own."""
    os.umask(umask := os.umask(0o077))
    handlers = {n: signal.getsignal(n) for n in signal.valid_signals() - {signal.SIGALRM}}
    return umask, handlers, signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Info]:
    """Six real tors on loopback, ready for clients."""
    directory = tmp_path_factory.mktemp("testnet")
    words = (sys.executable, "-m", "tests.network", str(directory))
    with Child(words, stdout=subprocess.PIPE, text=True) as keeper:
        assert keeper.stdout is not None
        ready = keeper.stdout.readline().strip()
        assert ready, "the network ended before it was ready"
        yield Info(directory, Path(ready))
        keeper.terminate()
