"""What every test here may ask for."""

import pytest

from tests.crash.profiles import cheaply
from tests.node.patience import hurry


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting before a dial, and no Argon2id."""
    hurry(monkeypatch)
    cheaply(monkeypatch)
