"""A copy of the tree, in which one bug at a time is planted, and its instrument run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.mutants.planted import Bug

ROOT = Path(__file__).parents[2]
CAUGHT = 1
"""How tests, and the simulated hours, end that have found something."""


class Orchard:
    def __init__(self, directory: Path) -> None:
        self._tree = directory / "tree"
        names = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True
        ).stdout.split("\0")
        for name in filter(None, names):
            copied = self._tree / name
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copied)

    def caught(self, bug: Bug) -> bool:
        """Does its instrument turn red?"""
        with_bug = self._tree / "onionchat" / bug.file
        without = with_bug.read_text()
        with_bug.write_text(plant(bug, without))
        try:
            return self.run(bug.instrument) == CAUGHT
        finally:
            with_bug.write_text(without)

    def run(self, instrument: tuple[str, ...]) -> int:
        """Its exit code, with the tree as it is."""
        environment = {**os.environ, "PYTHONPATH": str(self._tree), "PYTHONHASHSEED": "0"}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"  # two bugs of one size, planted in one second
        return subprocess.run(
            [sys.executable, *instrument],
            cwd=self._tree,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode


def plant(bug: Bug, source: str) -> str:
    for old, new in bug.changes:
        assert source.count(old) == 1, f"{bug.name}: {source.count(old)} places in {bug.file}"
        source = source.replace(old, new)
    return source
