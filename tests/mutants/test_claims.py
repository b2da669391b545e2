"""Each weakness can be planted, and the tests that must notice it are there."""

import pytest

from tests.mutants.claims import WEAKNESSES
from tests.mutants.claims.weakness import Weakness
from tests.mutants.orchard import ROOT, plant


@pytest.mark.parametrize("weakness", WEAKNESSES, ids=lambda weakness: weakness.name)
def test_each_weakness_has_its_place_in_the_source(weakness: Weakness) -> None:
    for file, source in plant(weakness.changes).items():
        compile(source, file, "exec")


@pytest.mark.parametrize("weakness", WEAKNESSES, ids=lambda weakness: weakness.name)
def test_each_test_of_it_exists(weakness: Weakness) -> None:
    for test in weakness.tests:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / "tests" / file).read_text()
