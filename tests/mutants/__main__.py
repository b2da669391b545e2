"""`python -m tests.mutants [WORD]`: plant every bug (whose name has the word) and see it caught."""

import sys
import tempfile
from pathlib import Path

from tests.mutants.orchard import Orchard
from tests.mutants.planted import BUGS


def main(word: str = "") -> int:
    chosen = [bug for bug in BUGS if word in bug.name]
    passed = 0
    with tempfile.TemporaryDirectory() as directory:
        orchard = Orchard(Path(directory))
        green = {bug.instrument: orchard.run(bug.instrument) == 0 for bug in chosen}
        for bug in chosen:  # an instrument that is red already proves nothing
            caught = green[bug.instrument] and orchard.caught(bug.places, bug.instrument)
            passed += caught
            print(f"{'caught' if caught else 'MISSED':7} {bug.name:64} {_name(bug.instrument)}")
            sys.stdout.flush()
    print(f"{passed} passed, {len(chosen) - passed} failed")
    return 0 if passed == len(chosen) else 1


def _name(instrument: tuple[str, ...]) -> str:
    return " ".join(word for word in instrument[2:] if not word.startswith(("-", "no:")))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
