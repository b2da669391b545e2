"""The view of its own, by itself: no network, no file, no socket of others."""

import socket

import pytest

from tests.sandbox.inside import Place


@pytest.fixture(autouse=True)
def here(place: Place) -> None:
    place.needs("namespaces")


def test_there_is_no_network(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = f"socket.create_connection({server.getsockname()})"
        assert place.attempt(line, "none") == "done"
        assert place.attempt(line, "namespaces") == "ENETUNREACH"


@pytest.mark.parametrize(
    "line", ["(home / 'id_rsa').read_text()", "os.listdir(home)", "os.listdir('/etc/ssl')"]
)
def test_other_files_are_not_even_there(line: str, place: Place) -> None:
    assert place.attempt(line, "none") == "done"
    assert place.attempt(line, "namespaces") == "ENOENT"


def test_the_socket_of_another_program_is_not_there(place: Place) -> None:
    """A session bus starts programs, an agent signs, for whoever can connect."""
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(place.home / "bus"))
        bus.listen()
        line = "socket.socket(socket.AF_UNIX).connect(str(home / 'bus'))"
        assert place.attempt(line, "none") == "done"
        assert place.attempt(line, "namespaces") == "ENOENT"


def test_what_is_read_cannot_be_written(place: Place) -> None:
    line = "Path(threading.__file__).open('r+')"
    assert place.attempt(line, "none") == "done"
    assert place.attempt(line, "namespaces") == "EROFS"
    assert place.attempt("(home.parent / 'new').write_text('x')", "namespaces") in {
        *("EROFS", "ENOENT"),
    }


def test_the_profile_is_the_same_one(place: Place) -> None:
    (place.profile / "before").write_text("x")
    line = "assert os.listdir(profile) == ['before']; (profile / 'after').write_text('y')"
    assert place.attempt(line, "namespaces") == "done"
    assert (place.profile / "after").read_text() == "y"


def test_it_is_the_same_user_without_any_privilege(place: Place) -> None:
    line = "assert (os.getuid(), os.geteuid()) == BEFORE; call('unshare', 0x40000000)"
    line = line.replace("BEFORE", "(os.stat(profile).st_uid,) * 2")
    assert place.attempt(line, "namespaces") == "EPERM"


def test_its_memory_stays_its_own_and_it_still_dies_with_its_parent(place: Place) -> None:
    line = (
        "libc = ctypes.CDLL(None); found = ctypes.c_int(); libc.prctl(2, ctypes.byref(found));"
        " assert (libc.prctl(3), found.value) == (0, 0)"
    )
    assert place.attempt(line, "namespaces") == "done"
    line = line.replace("(0, 0)", "(0, 9)")
    before = "from onionchat.hardening import die_with_parent; die_with_parent(9, os.getppid())"
    assert place.attempt(f"{before}; namespaces.enter(reach); {line}", "none") == "done"


def test_where_whoever_started_it_took_the_network_already_that_is_told(place: Place) -> None:
    line = (
        "me = (os.geteuid(), os.getegid()); call('unshare', 0x50000000); namespaces._stay(*me); "
        "Path('/proc/sys/user/max_user_namespaces').write_text('0'); told = layers._view(reach); "
        "assert (told.state, told.detail) == ('weaker', layers.GIVEN)"
    )
    assert place.attempt(line, "none") == "done"


FORBID = (
    "me = (os.geteuid(), os.getegid()); call('unshare', 0x10000000); namespaces._stay(*me); "
    "Path('/proc/sys/user/max_user_namespaces').write_text('0'); "
)


def test_where_it_is_forbidden_it_is_told_and_nothing_has_changed(place: Place) -> None:
    """In a user namespace in which no other can be made, as some distributions have it for all."""
    told = "told = layers._view(reach); assert (told.state, told.hint) == ('missing', layers._MORE)"
    as_before = "(home / 'id_rsa').read_text(); assert me == (os.geteuid(), os.getegid())"
    assert place.attempt(f"{FORBID}{told}; {as_before}", "none") == "done"
