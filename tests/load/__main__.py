"""`python -m tests.load [NAME ...]`: each figure beside its bar; all that there are, or these.

Names: queue history idle flood panic strangers besieged alike hidden echo
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.load import alike, besieged, echo, flood, hidden, history, idle, panic, queue, strangers
from tests.load.bar import Bar

FIGURES: dict[str, Callable[[Path], Iterator[Bar]]] = {
    "queue": lambda place: queue.figures(place, 100_000),
    "history": lambda place: history.figures(place, 1_000_000),
    "idle": lambda place: idle.figures(place, idle.MINUTES),
    "flood": flood.figures,
    "panic": lambda place: panic.figures(place, panic.RUNS),
    "strangers": strangers.figures,
    "besieged": besieged.figures,
    "alike": alike.figures,
    "hidden": hidden.figures,
    "echo": echo.figures,
}


def main(names: list[str]) -> int:
    bars = []
    for name in names or FIGURES:
        place = Path(tempfile.mkdtemp(prefix="onionchat-load-"))
        try:
            for bar in FIGURES[name](place):
                print(bar, flush=True)
                bars.append(bar)
        finally:
            shutil.rmtree(place)
    passed = sum(bar.kept for bar in bars)
    print(f"{passed} passed, {len(bars) - passed} failed")
    return 0 if passed == len(bars) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
