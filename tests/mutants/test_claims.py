"""Each weakness can be planted, the tests that must notice it are there, and the page names no
others."""

import pytest

from tests.mutants.claims import CONTROLS, WEAKNESSES
from tests.mutants.claims.weakness import Weakness
from tests.mutants.orchard import ROOT, plant
from tests.test_threat_model import PAGE, TEST


@pytest.mark.parametrize("weakness", WEAKNESSES, ids=lambda weakness: weakness.name)
def test_each_weakness_has_its_place_in_the_source(weakness: Weakness) -> None:
    for file, source in plant(weakness.changes).items():
        compile(source, file, "exec")


@pytest.mark.parametrize("weakness", WEAKNESSES, ids=lambda weakness: weakness.name)
def test_each_test_of_it_exists(weakness: Weakness) -> None:
    for test in weakness.tests:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / "tests" / file).read_text()


def test_there_is_one_for_each_test_that_the_page_names() -> None:
    tests = [*CONTROLS, *(test for weakness in WEAKNESSES for test in weakness.tests)]
    assert set(TEST.findall(PAGE)) - {test.partition("::")[2] for test in tests} == set()
