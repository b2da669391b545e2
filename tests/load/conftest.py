"""What every test of much may ask for."""

import pytest

from tests.node.patience import hurry


@pytest.fixture
def promptly(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
