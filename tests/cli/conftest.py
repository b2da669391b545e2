"""One profile for all tests that break one: each gets a copy."""

import pytest

from tests.cli.machine import Machine


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


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A home without a profile."""
    return Machine(tmp_path_factory.mktemp("e"))
