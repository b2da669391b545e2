"""`python -m tests.network DIRECTORY`: a private Tor network that ends with who started it, however
that ended; it says where its `client.torrc` is when it is ready."""

import os
import signal
import sys
from pathlib import Path

from onionchat.hardening import die_with_parent
from onionchat.tor.find import find_tor
from onionchat.tor.testnet import Info, run_foreground


def _say(info: Info) -> None:
    print(info.client_torrc, flush=True)


if __name__ == "__main__":
    die_with_parent(signal.SIGTERM, os.getppid())
    run_foreground(Path(sys.argv[1]), find_tor(), _say)
