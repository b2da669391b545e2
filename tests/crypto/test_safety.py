from typing import Any

import pytest

from onionchat.crypto.safety import safety_number
from onionchat.types import IdentityKey
from tests.crypto.people import ALICE, BOB
from tests.vectors import load


@pytest.mark.parametrize("case", load("safety")["pairs"], ids=lambda case: case["name"])
def test_vectors(case: dict[str, Any]) -> None:
    one, other = (IdentityKey(bytes.fromhex(case[side])) for side in ("one", "other"))
    assert safety_number(one, other) == safety_number(other, one) == case["number"]


def test_twelve_groups_of_five_digits() -> None:
    groups = safety_number(ALICE.key, BOB.key).split(" ")
    assert [len(group) for group in groups] == [5] * 12
    assert "".join(groups).isdecimal()
