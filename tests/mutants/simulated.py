"""`python -m tests.mutants.simulated FAULT...`: a few hours full of these, for a planted bug.

Exit code 1 if the checker says anything, or a node ends by itself.
"""

import sys

from tests.simulation import faults
from tests.simulation.checker import check
from tests.simulation.world import Plan, run

SEEDS = 4
HOURS = 2.0
OFTEN = (60.0, 60.0)


def main(names: list[str]) -> int:
    kinds = tuple(getattr(faults, name) for name in names)
    return int(any(_found(Plan(seed, HOURS, kinds, OFTEN)) for seed in range(SEEDS)))


def _found(plan: Plan) -> bool:
    try:
        return bool(check(run(plan).entries))
    except Exception:
        return True  # a node that ends by itself has ended the world


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
