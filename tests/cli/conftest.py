"""One profile for all tests that break one: each gets a copy."""

from collections.abc import Iterator

import pytest

from tests.cli.machine import BOB, Machine


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A profile that has been opened once."""
    machine = Machine(tmp_path_factory.mktemp("m"))
    machine.init()
    machine.unlocked("id")
    return machine


@pytest.fixture
def machine(pattern: Machine, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return pattern.copy(tmp_path_factory.mktemp("m"))


@pytest.fixture(scope="module")
def running(pattern: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A profile whose node runs and who knows bob."""
    machine = pattern.copy(tmp_path_factory.mktemp("m"))
    with machine.node():
        assert machine("contact", "add", "bob", BOB).code == 0
        yield machine


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A home without a profile."""
    return Machine(tmp_path_factory.mktemp("e"))
