"""Every bug can be planted, and a few are, to see that it is noticed who notices."""

from pathlib import Path

import pytest

from tests.mutants.orchard import ROOT, Orchard, plant
from tests.mutants.planted import BUGS, Bug

FEW = ("the profile's lock is not taken", "the pauses between dials are never short again")


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_each_bug_has_its_place_in_the_source(bug: Bug) -> None:
    for file, source in plant(bug.places).items():
        compile(source, file, "exec")


def test_there_are_enough() -> None:
    assert len({bug.name for bug in BUGS}) >= 20


@pytest.mark.parametrize("name", FEW)
def test_a_few_are_planted(name: str, tmp_path: Path) -> None:
    (bug,) = [bug for bug in BUGS if bug.name == name]
    orchard = Orchard(tmp_path)
    assert orchard.run(bug.instrument) == 0
    assert orchard.caught(bug.places, bug.instrument)
    assert orchard.run(bug.instrument) == 0


def test_programs_that_an_instrument_starts_are_those_of_the_copy(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys; where = 'import onionchat; print(onionchat.__file__)';"
        " line = [sys.executable, '-c', where];"
        f" assert {str(tmp_path)!r}.encode() in subprocess.check_output(line, cwd='/', env={{}})"
    )
    assert Orchard(tmp_path).run(("-c", code)) == 0


def test_nothing_that_is_set_outside_leads_past_the_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    code = f"import onionchat; assert {str(tmp_path)!r} in onionchat.__file__, onionchat.__file__"
    nested = (
        f"import subprocess, sys; subprocess.check_call([sys.executable, '-c', {code!r}], cwd='/')"
    )
    assert Orchard(tmp_path).run(("-c", nested)) == 0
