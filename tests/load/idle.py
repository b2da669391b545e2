"""So many contacts, none of them there, and nothing to say: what a node costs that waits.

Once on a street where nobody lives, and once over a real tor, beside each other. Measured
from the first answer on: the greeting of everybody after the start is in it.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event

from onionchat.crypto.identity import Identity
from onionchat.paths import locate
from onionchat.tor.find import find_tor
from onionchat.tor.testnet import start_detached, stop
from tests.live.person import PASSPHRASE, Person
from tests.load import filling
from tests.load.bar import Bar
from tests.load.profiles import fill
from tests.load.street_node import StreetNode, cpu, resident
from tests.soak.process import child

CONTACTS = 1000
MINUTES = 10.0
SHARE = 1.0


def figures(directory: Path, minutes: float) -> Iterator[Bar]:
    nobody = {f"contact{n}": Identity.from_seed(n.to_bytes(32)).key for n in range(CONTACTS)}
    alone = StreetNode(directory, "alone")
    fill(alone.paths, lambda: filling.befriend(nobody))
    net = Path(tempfile.mkdtemp(prefix="onionchat-load-"))
    try:
        network = start_detached(net, find_tor())
        with Person("dave", directory / "dave", network.client_torrc) as dave:
            dave.init()
            paths = locate(dave.home, "default", {})
            fill(paths, lambda: filling.befriend(nobody), passphrase=PASSPHRASE.encode())
            dave.start()
            assert dave.up is not None
            node, tor = child(dave.up.pid, "onionchat.service"), child(dave.up.pid, "torrc")
            assert node is not None
            assert tor is not None
            with alone:
                yield from _measured({"street": alone.process.pid, "tor": node}, tor, minutes)
    finally:
        stop(net)
        shutil.rmtree(net)


def _measured(nodes: dict[str, int], tor: int, minutes: float) -> Iterator[Bar]:
    before = {pid: cpu(pid) for pid in (*nodes.values(), tor)}
    Event().wait(minutes * 60)
    share = {pid: (cpu(pid) - used) / (minutes * 60) * 100 for pid, used in before.items()}
    for where, pid in nodes.items():
        note = f"{resident(pid):.0f} MiB"
        if where == "tor":
            note += f"; its tor {share[tor]:.2f} %, {resident(tor):.0f} MiB"
        name = f"idle for {minutes:g} minutes with {CONTACTS:,} contacts, on a {where}"
        yield Bar(name, share[pid], "% of a core", SHARE, note)
