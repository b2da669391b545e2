"""`python -m onionchat.tor.testnet DIR TOR FD`: the detached keeper; see keeper.py."""

import sys
from pathlib import Path

from onionchat.tor.find import find_tor
from onionchat.tor.testnet.keeper import keep

directory, tor, answers = sys.argv[1:]
keep(Path(directory), find_tor(Path(tor)), int(answers))
