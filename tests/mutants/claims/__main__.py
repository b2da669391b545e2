"""`python -m tests.mutants.claims [WORD]`: plant each weakness and see every test of it turn red.

With a WORD only those in whose name or test it is.
"""

import sys
import tempfile
from pathlib import Path

from tests.mutants.claims import WEAKNESSES
from tests.mutants.orchard import Orchard
from tests.mutants.planted import tests


def main(word: str = "") -> int:
    pairs = [(weakness, test) for weakness in WEAKNESSES for test in weakness.tests]
    chosen = [pair for pair in pairs if word in pair[0].name or word in pair[1]]
    passed = 0
    with tempfile.TemporaryDirectory() as directory:
        orchard = Orchard(Path(directory))
        if orchard.run(tests(*{f"tests/{test}" for _, test in chosen})):
            print("a test is red already, which proves nothing")
            return 1
        for weakness, test in chosen:
            caught = orchard.caught(weakness.changes, tests(f"tests/{test}"))
            passed += caught
            print(
                f"{'caught' if caught else 'MISSED':7} {test}\n        {weakness.name}", flush=True
            )
    print(f"{passed} passed, {len(chosen) - passed} failed")
    return 0 if passed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
