"""One thing that somebody can do now."""

from dataclasses import dataclass

from tests.mutants.planted import Change


@dataclass(frozen=True)
class Weakness:
    """`tests`: "file under tests/::name" of each that must turn red by itself."""

    name: str
    changes: tuple[Change, ...]
    tests: tuple[str, ...]
