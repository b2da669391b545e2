"""Where each attempt takes place."""

from pathlib import Path

import pytest

from tests.sandbox.inside import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)
