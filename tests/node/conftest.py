"""What every test of whole nodes may ask for."""

import pytest

from onionchat.node import dialing, peer, talk
from onionchat.node.dialing import Schedule


@pytest.fixture
def promptly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dial, redial and receipt at once, so that a test is not about waiting."""
    monkeypatch.setattr(dialing, "PATIENCE", 0.0)
    monkeypatch.setattr(peer, "Schedule", lambda: Schedule(lambda low, _: low))
    monkeypatch.setattr(talk, "RECEIPT_DELAY_SECONDS", (0.0, 0.0))
