"""What every test here may ask for."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.crash.profiles import cheaply, make_templates, promptly
from tests.crash.sweep import sweeping
from tests.crash.verdict import Point


@contextmanager
def _quick() -> Iterator[None]:
    """No waiting before a dial, and no Argon2id; of no other test of the session's."""
    with pytest.MonkeyPatch.context() as patch:
        promptly(patch)
        cheaply(patch)
        yield


@pytest.fixture(autouse=True)
def quickly() -> Iterator[None]:
    with _quick():
        yield


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each trial begins with."""
    directory = tmp_path_factory.mktemp("t") / "templates"
    with _quick():
        make_templates(directory)
    return directory


@pytest.fixture(scope="session")
def points(tmp_path_factory: pytest.TempPathFactory, templates: Path) -> list[Point]:
    """Every place where something can happen to a victim."""

    async def count() -> list[Point]:
        async with sweeping(templates, tmp_path_factory.mktemp("p")) as sweep:
            return await sweep.points()

    with _quick():
        return asyncio.run(count())
