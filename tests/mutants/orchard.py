"""A copy of the tree, in which one bug at a time is planted, and its instrument run."""

import os
import shutil
import site
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from tests.mutants.planted import Change

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
        self._python = _own_python(self._tree)

    def caught(self, changes: Sequence[Change], instrument: tuple[str, ...]) -> bool:
        """Does the instrument turn red?"""
        planted = plant(changes)
        try:
            for file, source in planted.items():
                (self._tree / "onionchat" / file).write_text(source)
            return self.run(instrument) == CAUGHT
        finally:
            for file in planted:
                shutil.copy2(ROOT / "onionchat" / file, self._tree / "onionchat" / file)

    def run(self, instrument: tuple[str, ...]) -> int:
        """Its exit code, with the tree as it is."""
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        environment.pop("PYTHONPATH", None)  # it goes before what this Python knows by itself
        environment["PYTHONDONTWRITEBYTECODE"] = "1"  # two bugs of one size, planted in one second
        return subprocess.run(
            [self._python, *instrument],
            cwd=self._tree,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode


def _own_python(tree: Path) -> Path:
    """One that knows this tree's program, and so do all that it starts, whatever environment they
    are given: those that tests start are given none."""
    venv.create(tree / ".venv", symlinks=True)
    (own,) = (tree / ".venv" / "lib").glob("python*/site-packages")
    (own / "tree.pth").write_text("\n".join([str(tree), *site.getsitepackages()]))
    python = tree / ".venv" / "bin" / "python"
    script = (Path(sys.executable).parent / "onionchat").read_text()
    command = python.with_name("onionchat")
    command.write_text(script.replace(sys.executable, str(python)))
    command.chmod(0o755)
    return python


def plant(changes: Sequence[Change]) -> dict[str, str]:
    """Each file that is changed, as it is then."""
    planted: dict[str, str] = {}
    for file, old, new in changes:
        source = planted.get(file) or (ROOT / "onionchat" / file).read_text()
        assert source.count(old) == 1, f"{source.count(old)} places in {file} for {old!r}"
        planted[file] = source.replace(old, new)
    return planted
