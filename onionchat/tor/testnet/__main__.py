"""`python -m onionchat.tor.testnet DIR TOR FD`: the detached keeper; see keeper.py.

It forks once more, so that whoever asked for it has no child left to wait for.
"""

import os
import sys
from pathlib import Path

from onionchat.tor.find import find_tor
from onionchat.tor.testnet.keeper import keep

directory, tor, answers = sys.argv[1:]
if os.fork() == 0:
    keep(Path(directory), find_tor(Path(tor)), int(answers))
