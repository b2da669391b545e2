"""What every test of whole nodes may ask for."""

import pytest

from tests.node.patience import hurry


@pytest.fixture
def promptly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dial, redial and receipt at once, so that a test is not about waiting."""
    hurry(monkeypatch)
