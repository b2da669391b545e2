"""How long after `panic --yes` was typed the keyslot is gone, while its node has much to store.

From the start of the process, which is most of it, to the moment when neither the name nor
the bytes are there any more.
"""

import json
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic

from tests.cli.machine import BOB, Machine
from tests.load.bar import Bar

RUNS = 100
LIMIT = 300.0
CLIENTS = 2


def figures(directory: Path, runs: int) -> Iterator[Bar]:
    pattern = Machine(directory / "pattern")
    pattern.home.mkdir()
    pattern.init()
    times = sorted(_once(pattern.copy(directory / str(n))) for n in range(runs))
    note = f"median {times[runs // 2]:.0f} ms"
    yield Bar(f"keys gone, the slowest of {runs} panics", times[-1], "ms", LIMIT, note)


def _once(machine: Machine) -> float:
    keyslot = machine.profile / "keyslot"
    with ExitStack() as stack:
        stack.enter_context(machine.node())
        assert machine("contact", "add", "bob", BOB).code == 0
        for _ in range(CLIENTS):
            stack.enter_context(_busy(machine.profile / "run/rpc.sock"))
        begin = monotonic()
        with machine.start("panic", "--yes") as panic:
            while keyslot.exists():
                Event().wait(0.001)  # the clients are threads of this process
            took = (monotonic() - begin) * 1000
            assert panic.wait() == 0
    shutil.rmtree(machine.home)
    return took


@contextmanager
def _busy(path: Path) -> Iterator[None]:
    """A client that sends as fast as it is answered, until the node is gone."""

    def send() -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as node:
            node.connect(str(path))
            answers = node.makefile("rb")
            while True:
                params = {"name": "bob", "text": "x" * 8000}
                call = {"jsonrpc": "2.0", "id": 1, "method": "send", "params": params}
                node.sendall(json.dumps(call).encode() + b"\n")
                if not answers.readline():
                    return

    thread = Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        thread.join()
