"""What every test of whole nodes may ask for."""

from pathlib import Path

import pytest

from tests.node.patience import hurry
from tests.node.street import Home, Street


@pytest.fixture
def promptly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dial, redial and receipt at once, so that a test is not about waiting."""
    hurry(monkeypatch)


@pytest.fixture
def street() -> Street:
    return Street()


@pytest.fixture
def alice(tmp_path: Path, street: Street) -> Home:
    return Home("alice", tmp_path, street)


@pytest.fixture
def bob(tmp_path: Path, street: Street) -> Home:
    return Home("bob", tmp_path, street)
