"""Twenty strangers a second come over Tor, for minutes, and a contact must not feel it.

Two people with tors of their own on a private network, and the strangers with a third. As in
`strangers`, a message's time is that from `send` at Bob's to `receive` at Alice's, in calm and
then during the siege; all of the network's tors share the machine with them.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onionchat.crypto.address import parse_address
from onionchat.paths import locate
from onionchat.rpc.client import Client
from onionchat.tor.find import find_tor
from onionchat.tor.testnet import Info, start_detached, stop
from tests.child import Child
from tests.live.person import PASSPHRASE, Person
from tests.load import filling
from tests.load.bar import Bar
from tests.load.flood import message_times
from tests.load.profiles import fill
from tests.load.strangers import GROWTH, MINUTES, TIMES
from tests.load.street_node import resident
from tests.soak.process import child


class Neighbour(Person):
    def client(self) -> Client:
        return Client.connect(locate(self.home, "default", {}).rpc_socket)

    def befriend(self, name: str, address: str) -> None:
        paths, friend = locate(self.home, "default", {}), {name: parse_address(address)}
        fill(paths, lambda: filling.befriend(friend), passphrase=PASSPHRASE.encode())

    def resident(self) -> float:
        assert self.up is not None
        node = child(self.up.pid, "onionchat.service")
        assert node is not None
        return resident(node)


def figures(directory: Path, minutes: float = MINUTES) -> Iterator[Bar]:
    net = Path(tempfile.mkdtemp(prefix="onionchat-load-"))
    try:
        network = start_detached(net, find_tor())
        with acquainted(directory, network) as (alice, bob, address):
            yield from _measured(directory, network, alice, bob, address, minutes)
    finally:
        stop(net)
        shutil.rmtree(net)


@contextmanager
def acquainted(directory: Path, network: Info) -> Iterator[tuple[Neighbour, Neighbour, str]]:
    """Alice and Bob, who have talked; and her address."""
    with (
        Neighbour("alice", directory / "a", network.client_torrc) as alice,
        Neighbour("bob", directory / "b", network.client_torrc) as bob,
    ):
        address = alice.init()
        alice.befriend("bob", bob.init())
        bob.befriend("alice", address)
        alice.start()
        bob.start()
        bob.one("send", "alice", "--wait", "delivered", "--timeout", "90", stdin="first")
        yield alice, bob, address


def _measured(
    directory: Path, network: Info, alice: Neighbour, bob: Neighbour, address: str, minutes: float
) -> Iterator[Bar]:
    calm = message_times(alice, bob)
    before, disturbed = alice.resident(), list[float]()
    home = directory / "siege"
    words = (sys.executable, "-m", "tests.load.besiegers", str(home), str(network.client_torrc))
    with Child((*words, address), stdout=subprocess.PIPE, text=True) as siege:
        assert siege.stdout is not None
        json.loads(siege.stdout.readline())  # it has begun
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            disturbed += message_times(alice, bob)
        growth = alice.resident() - before
        siege.terminate()
        last = json.loads(siege.communicate()[0].splitlines()[-1])
    set_out, arrived = last["set_out"], last["arrived"]
    one, other = statistics.median(disturbed), statistics.median(calm)
    note = f"{one:.1f} ms, else {other:.1f} ms; of {set_out:,} strangers {arrived:,} arrived"
    name = "a message beside a siege over Tor, the time of one without"
    yield Bar(name, one / other, "times", TIMES, note)
    yield Bar("resident memory that the siege costs", growth, "MiB", GROWTH)
    yield Bar("a siege in which nobody arrived", not arrived, "", 0, "the control")
