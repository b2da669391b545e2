"""The filter, by itself: sockets, programs, other processes."""

import socket

import pytest

from onionchat.sandbox.syscalls import number
from tests.sandbox.inside import Place

SOCKETS = [
    "socket.socket(socket.AF_INET)",
    "socket.socket(socket.AF_INET6)",
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "socket.create_server(('127.0.0.1', 0))",
]
OTHERS = [
    "os.execv('/bin/true', ['true'])",
    "os.posix_spawn('/bin/true', ['true'], {})",
    "os.fork() or os._exit(0)",
    "__import__('subprocess').run('/bin/true', check=True)",
    "call('ptrace', 0)",
    "call('process_vm_readv', os.getpid(), None, 0, None, 0, 0)",
    "call('kcmp', os.getpid(), os.getpid(), 0, 0, 0)",
    "call('unshare', 0x10000000)",
]


@pytest.mark.parametrize("line", SOCKETS)
def test_no_socket_but_unix_ones(line: str, place: Place) -> None:
    assert place.attempt(line, "none") == "done"
    assert place.attempt(line, "seccomp") == "EAFNOSUPPORT"


@pytest.mark.parametrize("line", OTHERS)
def test_no_other_program_and_no_look_into_one(line: str, place: Place) -> None:
    assert place.attempt(line, "none") == "done"
    assert place.attempt(line, "seccomp") == "EPERM"


NAMED = (
    *("execve", "execveat", "fork", "vfork"),
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("bpf", "perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl"),
    *("unshare", "setns", "chroot", "pivot_root", "mount", "umount2", "open_tree", "move_mount"),
    *("fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "open_by_handle_at"),
)
"""Once more, so that none can be left out there without being missed here."""


@pytest.mark.parametrize("name", [name for name in NAMED if number(name)])
def test_each_call_that_is_named_is_refused(name: str, place: Place) -> None:
    """With arguments that no kernel could do anything with."""
    assert place.attempt(f"call({name!r}, -1, -1, -1, -1, -1)", "seccomp") == "EPERM"


def test_threads_unix_sockets_and_pairs_are_left(place: Place) -> None:
    lines = [
        "thread = threading.Thread(target=print); thread.start(); thread.join()",
        "socket.socketpair()[0].close()",
        "socket.socket(socket.AF_UNIX).bind(str(profile / 'a socket'))",
    ]
    for line in lines:
        assert place.attempt(line, "seccomp").strip() == "done"


def test_it_cannot_be_undone(place: Place) -> None:
    line = "seccomp.install(tcp=True); socket.socket(socket.AF_INET)"
    assert place.attempt(line, "none", ports=()) == "done"
    assert place.attempt(line, "seccomp") == "EAFNOSUPPORT"


@pytest.mark.parametrize(
    ("kind", "then"),
    [
        ("socket.SOCK_STREAM", "done"),
        ("socket.SOCK_STREAM, socket.IPPROTO_TCP", "done"),
        ("socket.SOCK_STREAM | socket.SOCK_NONBLOCK", "done"),
        ("socket.SOCK_DGRAM", "EAFNOSUPPORT"),
        ("socket.SOCK_RAW, socket.IPPROTO_ICMP", "EAFNOSUPPORT"),
        ("socket.SOCK_STREAM, 262", "EAFNOSUPPORT"),
    ],
)
def test_for_a_tor_at_a_port_there_is_plain_tcp_alone(kind: str, then: str, place: Place) -> None:
    """262 is MPTCP, which Landlock does not see."""
    assert place.attempt(f"socket.socket(socket.AF_INET, {kind})", "seccomp", ports=()) == then
    inet6 = f"socket.socket(socket.AF_INET6, {kind})"
    assert place.attempt(inet6, "seccomp", ports=()) == "EAFNOSUPPORT"


def test_no_data_goes_with_the_opening_of_a_connection(place: Place) -> None:
    """It would be a connection that Landlock does not see."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = server.getsockname()
        line = f"socket.socket().sendto(b'x', socket.MSG_FASTOPEN, {there})"
        assert place.attempt(line, "none", ports=()) == "done"
        assert place.attempt(line, "seccomp", ports=()) == "EPERM"
