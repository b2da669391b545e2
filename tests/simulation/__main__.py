"""`python -m tests.simulation [COUNT [HOURS]]`: go on until so many seeds have been run.

`python -m tests.simulation replay SEED [HOURS]`: one seed, every event of it.

What was counted before is taken along (tally.py), so a long run may be stopped at any time.
"""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED as ONE
from concurrent.futures import Future, ProcessPoolExecutor, wait
from itertools import islice

from tests.simulation.checker import check
from tests.simulation.tally import Tally, Verdict, judge, story
from tests.simulation.world import Plan, run

WORKERS = 2
FRESH = 25
"""Seeds after which a worker makes room for a new one."""


def seeds(wanted: int, hours: float) -> int:
    tally = Tally.load()
    left = iter(range(tally.next, wanted))
    with ProcessPoolExecutor(WORKERS, max_tasks_per_child=FRESH) as pool:
        for verdict in _in_order(pool, left, hours):
            tally.add(verdict)
            tally.save()
            for sentence in verdict.violations:
                print(f"seed {verdict.seed}: {sentence}", flush=True)
            if tally.next % 20 == 0:
                print(f"{tally.next} seeds, {len(tally.failed)} failed", flush=True)
    return report(tally)


def _in_order(pool: ProcessPoolExecutor, left: Iterator[int], hours: float) -> Iterator[Verdict]:
    """Several run at once; they are counted one after the other, so that none is left out."""
    running: list[Future[Verdict]] = []
    while True:
        more = islice(left, 2 * WORKERS - len(running))
        running += [pool.submit(judge, Plan(seed, hours)) for seed in more]
        if not running:
            return
        wait(running[:1], return_when=ONE)
        yield running.pop(0).result()


def report(tally: Tally) -> int:
    for kind, number in sorted(tally.faults.items()):
        print(f"{number:>7} {kind}")
    print(
        f"{tally.next} seeds, {tally.hours:,.0f} simulated hours; in each on average "
        f"{tally.messages / tally.hours:.0f} messages, "
        f"{sum(tally.faults.values()) / tally.hours:.1f} faults"
    )
    print(f"{tally.events:,} events, {tally.events / tally.seconds:,.0f} per second of a core")
    print(f"all had arrived at most {tally.slowest / 60:.0f} minutes after the last fault")
    print(f"{tally.repeated} seeds were run twice and went the same way")
    print(f"{tally.passed} passed, {len(tally.failed)} failed")
    return 1 if tally.failed else 0


def replay(seed: int, hours: float) -> int:
    trace = run(Plan(seed, hours), everything=True)
    print(story(trace))
    violations = check(trace.entries)
    print(*violations, f"trace {trace.digest()}", sep="\n")
    return 1 if violations else 0


def main(words: list[str]) -> int:
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets of names have one order everywhere
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *words])  # noqa: S606
    if words[:1] == ["replay"]:
        return replay(int(words[1]), float((words[2:] or ["24"])[0]))
    count, hours = [*words, *("1000", "24")[len(words) :]][:2]
    return seeds(int(count), float(hours))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
