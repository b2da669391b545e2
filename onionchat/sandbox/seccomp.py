"""A filter for the process's own calls to the kernel (seccomp(2)), which it can never remove.

- No socket but unix ones: neither the internet nor netlink, packets, Bluetooth or what the
  kernel will have next. Where a port of 127.0.0.1 is needed, plain TCP, and none of the ways
  to connect that Landlock does not see (MPTCP, data that goes with the opening).
- No other program, and no other process: only threads.
- Not into other processes, nor around this filter: io_uring makes sockets by itself.
- Not out of, or into, another view of files and network.

What is refused is answered with an error, so that it is seen as one; calls of another
architecture, which have other numbers, end the process.
"""

import ctypes
import errno
import socket
import struct

from onionchat.hardening import prctl
from onionchat.sandbox import syscalls
from onionchat.sandbox.syscalls import MACHINE, number

PR_SET_NO_NEW_PRIVS = 38

REFUSED = (
    *("execve", "execveat", "fork", "vfork"),
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("bpf", "perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl"),
    *("unshare", "setns", "chroot", "pivot_root", "mount", "umount2", "open_tree", "move_mount"),
    *("fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "open_by_handle_at"),
)

_PR_SET_SECCOMP, _FILTER = 22, 2
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
"""Offsets in `struct seccomp_data`."""
_X32 = 0x40000000
_CLONE_THREAD = 0x10000
_TYPE = 0xF
_MSG_FASTOPEN = 0x20000000

Code = list[bytes]


def install(*, tcp: bool) -> None:
    """From now on; OSError where there is none. `tcp`: a port of 127.0.0.1 is needed."""
    code = _program(tcp=tcp)
    instructions = ctypes.create_string_buffer(b"".join(code))
    program = struct.pack("HP", len(code), ctypes.addressof(instructions))
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    syscalls.call("prctl", _PR_SET_SECCOMP, _FILTER, program)  # a unit may not allow seccomp()


def _program(*, tcp: bool) -> Code:
    if MACHINE is None:
        raise OSError(errno.ENOSYS, "no filter is written for this machine")
    return [
        _step(_LOAD, _ARCH),
        _step(_EQUAL, MACHINE.audit, 1, 0),
        _end(_KILL),
        _step(_LOAD, _NUMBER),
        _step(_AT_LEAST, _X32, 0, 1),
        _fail(errno.EPERM),
        *(step for name in REFUSED for step in _if(name, [_fail(errno.EPERM)])),
        *_if("clone3", [_fail(errno.ENOSYS)]),  # its flags cannot be seen; libc then takes clone
        *_if("clone", [_argument(0), *_unless(_ANY_BIT, _CLONE_THREAD, [_fail(errno.EPERM)])]),
        *_if("socket", _family(tcp=tcp)),
        *_if("socketpair", _family(tcp=False)),
        *(step for name, place in _FLAGS if tcp for step in _if(name, _no_data_first(place))),
        _end(_ALLOW),
    ]


_FLAGS = (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3))


def _family(*, tcp: bool) -> Code:
    unknown = _fail(errno.EAFNOSUPPORT)
    code = [_argument(0), *_unless(_EQUAL, socket.AF_UNIX, [unknown])]
    if not tcp:
        return code
    plain = [
        *(_argument(1), _step(_AND, _TYPE), *_unless(_EQUAL, socket.SOCK_STREAM, [unknown])),
        *(_argument(2), _step(_EQUAL, 0, 2, 0), *_unless(_EQUAL, socket.IPPROTO_TCP, [unknown])),
        _end(_ALLOW),
    ]
    return [_argument(0), _step(_EQUAL, socket.AF_INET, 0, len(plain)), *plain, *code[1:]]


def _no_data_first(place: int) -> Code:
    return [_argument(place), _step(_ANY_BIT, _MSG_FASTOPEN, 0, 1), _fail(errno.EPERM)]


def _if(name: str, body: Code) -> Code:
    """Where there is such a call: run the body, and what it does not end is allowed."""
    found = number(name)
    if found is None:
        return []
    body = [*body, _end(_ALLOW)]
    return [_step(_EQUAL, found, 0, len(body)), *body]


def _unless(test: int, value: int, body: Code) -> Code:
    return [_step(test, value, len(body), 0), *body]


def _argument(place: int) -> bytes:
    """Its low half: all that these calls look at are 32 bits (little-endian)."""
    return _step(_LOAD, _ARGUMENTS + 8 * place)


def _fail(error: int) -> bytes:
    return _end(_ERRNO | error)


def _end(action: int) -> bytes:
    return _step(_RETURN, action)


def _step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    """`struct sock_filter`; jumps count the steps that are left out."""
    return struct.pack("HBBI", code, then, otherwise, value)
