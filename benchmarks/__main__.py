"""`make bench`: one table, each figure beside its peer in the same run.

`python -m benchmarks inbox`: only what an inbox costs.

Exit code 1 if a bar is missed. The private Tor network and all nodes are started for this
and gone afterwards, also when this is told to end.
"""

import asyncio
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import delivery, inbox, memory, ratchet, start, stream
from benchmarks.figure import HEADING, Figure
from benchmarks.friends import friends
from onionchat.tor.find import find_tor
from onionchat.tor.testnet import Info, start_detached, stop
from tests.live.person import Person


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    print(HEADING, flush=True)
    missed = 0
    for figure in measured(alone=sys.argv[1:] == ["inbox"]):
        print(figure, flush=True)
        missed += figure.missed
    print(f"bars missed: {missed}" if missed else "every bar is reached")
    return 1 if missed else 0


def measured(*, alone: bool) -> Iterator[Figure]:
    if not alone:
        yield from ratchet.figures()
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        try:
            network = start_detached(home / "net", find_tor())
            if not alone:
                yield from on_tor(network, home)
            yield from inbox.figures(network, home)
        finally:
            stop(home / "net")


def on_tor(network: Info, home: Path) -> Iterator[Figure]:
    with friends(home, network.client_torrc) as (alice, bob):
        yield from memory.figures(bob)
        yield from start.figures(alice)
        (home / "stream").mkdir()
        yield from asyncio.run(beside_a_stream(network, home / "stream", alice, bob))


async def beside_a_stream(network: Info, home: Path, alice: Person, bob: Person) -> list[Figure]:
    async with stream.served(network, home) as bare:
        return await delivery.figures(alice, bob, bare)


if __name__ == "__main__":
    sys.exit(main())
