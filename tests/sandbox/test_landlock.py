"""Landlock, by itself: which files, which ports, which processes."""

import os
import socket

import pytest

from tests.sandbox.inside import Place

FILES = [
    "(home / 'id_rsa').read_text()",
    "os.listdir(home)",
    "(home / 'new').write_text('x')",
    "(home / 'id_rsa').unlink()",
    "(home / 'id_rsa').rename(profile / 'mine')",
    "os.truncate(home / 'id_rsa', 0)",
    "socket.socket(socket.AF_UNIX).bind(str(home / 's'))",
    "Path('/etc/passwd').read_text()",
    "os.listdir('/')",
]


@pytest.fixture(autouse=True)
def here(place: Place) -> None:
    place.needs("landlock")


@pytest.mark.parametrize("line", FILES)
def test_no_file_of_others(line: str, place: Place) -> None:
    assert place.attempt(line, "landlock") in {"EACCES", "EXDEV"}
    assert place.attempt(line, "none") == "done"


@pytest.mark.parametrize(
    "line",
    [
        "(profile / 'new').write_text('x'); (profile / 'new').rename(profile / 'old')",
        "(profile / 'new').write_text('x'); (profile / 'new').unlink()",
        "os.fsync(os.open(profile, os.O_RDONLY | os.O_DIRECTORY))",
        "socket.socket(socket.AF_UNIX).bind(str(profile / 's'))",
        "__import__('wave')",
        "__import__('sqlcipher3').dbapi2.connect(':memory:')",
        "Path('/proc/sys/kernel/random/boot_id').read_text()",
    ],
)
def test_the_profile_and_python_are_left(line: str, place: Place) -> None:
    assert place.attempt(line, "landlock") == "done"


def test_not_even_a_library_is_changed(place: Place) -> None:
    assert place.attempt("Path(threading.__file__).open('r+')", "landlock") == "EACCES"


def test_other_rules_give_nothing_back(place: Place) -> None:
    line = "landlock.restrict(Reach((profile, home))); (home / 'id_rsa').read_text()"
    assert place.attempt(line, "none") == "done"
    assert place.attempt(line, "landlock") == "EACCES"


def test_nobody_else_is_signalled(place: Place) -> None:
    line = f"os.kill({os.getpid()}, 0)"
    assert place.attempt(line, "none") == "done"
    assert place.attempt(line, "landlock") == "EPERM"


def test_no_abstract_socket_of_others(place: Place) -> None:
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(f"\0onionchat test {os.getpid()}")
        bus.listen()
        line = f"socket.socket(socket.AF_UNIX).connect({bus.getsockname()!r})"
        assert place.attempt(line, "none") == "done"
        assert place.attempt(line, "landlock") == "EPERM"


def test_of_all_ports_only_those_of_tor(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        line = f"socket.create_connection(('127.0.0.1', {port}))"
        assert place.attempt(line, "landlock", ports=(port,)) == "done"
        assert place.attempt(line, "landlock", ports=(port - 1,)) == "EACCES"
        assert place.attempt(line, "landlock", ports=()) == "EACCES"
        assert place.attempt(line, "landlock") == "EACCES"


def test_tor_delivers_to_a_port_that_the_kernel_chooses(place: Place) -> None:
    assert place.attempt("socket.create_server(('127.0.0.1', 0))", "landlock", ports=()) == "done"
    assert place.attempt("socket.create_server(('127.0.0.1', 0))", "landlock") == "EACCES"
    line = "socket.create_server(('127.0.0.1', 47111))"
    assert place.attempt(line, "landlock", ports=()) == "EACCES"
