"""Where a local socket is: tor's control and SOCKS ports, and our onions' targets.

Nothing in this program speaks to another machine except through tor, so an address
is a unix socket or a port on this machine, and a name is never resolved: looking up
even `localhost` could ask a name server. Only 127.0.0.0/8 counts as this machine;
`localhost` is read as 127.0.0.1.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

from onionchat.errors import UsageError

SUN_PATH_MAX = 107
"""Bytes in `sun_path` less the final zero (unix(7)): a longer path cannot be a socket."""

_HINT = "give the path of a unix socket, or HOST:PORT on this machine, such as 127.0.0.1:9051"


@dataclass(frozen=True, slots=True)
class UnixAddress:
    path: Path

    def __str__(self) -> str:
        """As tor writes it, in torrc and on the control port."""
        return f"unix:{self.path}"


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A port on this machine. Port 0 may be listened on: the kernel picks a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


Address = UnixAddress | TcpAddress
ControlAddress = Address
SocksAddress = Address


def parse(text: str) -> Address:
    """`/path`, `unix:/path` or `host:port`; UsageError for anything else or anywhere else."""
    path = text.removeprefix("unix:")
    if path.startswith("/"):
        return unix(Path(path))
    host, colon, port = text.rpartition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,5}", port):
        raise UsageError(f"{text!r} is not a socket address", _HINT)
    return tcp(host, int(port))


def unix(path: Path) -> UnixAddress:
    """UsageError when the kernel could not hold the path."""
    length = len(bytes(path))
    if length > SUN_PATH_MAX:
        raise UsageError(
            f"the socket path is {length} bytes long, the limit is {SUN_PATH_MAX}: {path}",
            "choose a shorter directory",
        )
    return UnixAddress(path)


def tcp(host: str, port: int) -> TcpAddress:
    """UsageError unless the host is this machine and the port can be connected to."""
    host = "127.0.0.1" if host in ("", "localhost") else host
    if not _is_loopback(host):
        raise UsageError(f"{host!r} is not this machine, and only a tor on it is used", _HINT)
    if not 0 < port < 65536:
        raise UsageError(f"{port} is not a port", _HINT)
    return TcpAddress(host, port)


def _is_loopback(host: str) -> bool:
    try:
        return IPv4Address(host).is_loopback
    except AddressValueError:
        return False
