"""docs/threat-model.md: each thing that somebody cannot do names a test that is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "threat-model.md").read_text()
TEST = re.compile(r"`(test_[a-z0-9_]+)`")


def test_every_test_that_is_named_exists() -> None:
    code = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"^def (test_[a-z0-9_]+)", code, re.MULTILINE))
    assert set(TEST.findall(PAGE)) - there == set()


def test_every_cannot_names_a_test() -> None:
    claims = [part for part in re.split(r"\n(?=- |\n|#)", PAGE) if part.startswith("- cannot ")]
    assert len(claims) > 25
    assert [claim for claim in claims if not TEST.search(claim)] == []
