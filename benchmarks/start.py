"""How long a command takes, beside Python importing what no command can do without."""

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figure import Figure
from tests.live.person import Person

ROUNDS = 15
PEER = (sys.executable, "-c", "import click, json, socket")


def figures(alice: Person) -> list[Figure]:
    """Interleaved, so that a slow moment of the machine meets all."""
    script = Path(sys.executable).with_name("onionchat")
    program = (str(script), "--data-dir", str(alice.home))
    commands = {"--version": (*program, "--version"), "send": (*program, "send", "bob")}
    times: dict[str, list[float]] = {name: [] for name in ("peer", *commands)}
    for _ in range(ROUNDS):
        times["peer"].append(_seconds(PEER))
        for name, command in commands.items():
            times[name].append(_seconds(command))
    return [_figure(name, times[name], times["peer"]) for name in commands]


def _figure(name: str, ours: list[float], peer: list[float]) -> Figure:
    mine, theirs = statistics.median(ours), statistics.median(peer)
    return Figure(
        name=f"start of `{name}`: the bare imports",
        ours=mine * 1000,
        peer=theirs * 1000,
        unit="ms",
        ratio=mine / theirs,
        higher_is_better=False,
        bar=1.5,
        note=f"median of {ROUNDS}",
    )


def _seconds(command: Sequence[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, input=b"hello", stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin
