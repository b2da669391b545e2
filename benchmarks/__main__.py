"""`make bench`: one table, each figure beside its peer in the same run.

Exit code 1 if a bar is missed. The private Tor network and all nodes are started for this
and gone afterwards.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import delivery, memory, ratchet, start, stream
from benchmarks.figure import Figure
from onionchat.tor.find import find_tor
from onionchat.tor.testnet import Info, start_detached, stop


def main() -> int:
    print(f"{'figure: its peer':<44} {'ours':>10} {'peer':>10} {'ratio':>7}")
    missed = 0
    for figure in measured():
        print(f"{figure}  ({figure.note})", flush=True)
        missed += not figure.reaches(figure.bar)
    print(f"{missed} bars missed" if missed else "every bar is reached")
    return 1 if missed else 0


def measured() -> Iterator[Figure]:
    yield from ratchet.figures()
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        network = start_detached(home / "net", find_tor())
        try:
            yield from on_tor(network, home)
        finally:
            stop(home / "net")


def on_tor(network: Info, home: Path) -> Iterator[Figure]:
    with delivery.friends(home, network.client_torrc) as (alice, bob):
        yield from memory.figures(bob)
        yield from start.figures(alice)
        (home / "s").mkdir()
        bare = stream.measure(network, home / "s")
        yield from delivery.latency(alice, bob, bare)
        yield from delivery.throughput(alice, bob, bare)


if __name__ == "__main__":
    sys.exit(main())
