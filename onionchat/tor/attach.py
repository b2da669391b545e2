"""Which tor to steer: our own child's sockets, or a tor that is there already.

A tor that runs as another user is named by options or by the variables that tor programs
have in common (those Tor Browser's launcher set the custom with):

  TOR_CONTROL_IPC_PATH  or  TOR_CONTROL_HOST, TOR_CONTROL_PORT
  TOR_CONTROL_COOKIE_AUTH_FILE, TOR_CONTROL_PASSWD (may stand in double quotes)
  TOR_SOCKS_IPC_PATH    or  TOR_SOCKS_HOST, TOR_SOCKS_PORT

Options win, then paths over ports. With a foreign tor the onion's target is a port on
127.0.0.1, because its user (and its AppArmor profile) cannot reach our 0700 directory.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from onionchat.errors import UsageError
from onionchat.tor.address import (
    Address,
    ControlAddress,
    SocksAddress,
    TcpAddress,
    parse,
    tcp,
    unix,
)

FOREIGN_TARGET = TcpAddress("127.0.0.1", 0)
"""The onion's target for a foreign tor: any free port."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """Where tor's two doors are and what opens the first. `cookie` None: tor says where.
    `patience`: seconds for which a closed first door is no news, because tor is being started."""

    control: ControlAddress
    socks: SocksAddress
    cookie: Path | None = None
    password: str | None = field(default=None, repr=False)
    patience: float = 0.0


def attachment(
    control: str | None, socks: str | None, environ: Mapping[str, str]
) -> Attachment | None:
    """The foreign tor that options or environment name, or None for our own. UsageError for
    half of one, and for addresses that are not on this machine."""
    control_at = parse(control) if control else _from_environ("TOR_CONTROL", environ)
    socks_at = parse(socks) if socks else _from_environ("TOR_SOCKS", environ)
    if control_at is None and socks_at is None:
        return None
    if control_at is None or socks_at is None:
        missing = "--tor-socks" if socks_at is None else "--tor-control"
        raise UsageError(
            "a running tor needs both its control address and its SOCKS address",
            f"add {missing}, or name neither to let onionchat start its own tor",
        )
    cookie = environ.get("TOR_CONTROL_COOKIE_AUTH_FILE")
    return Attachment(control_at, socks_at, Path(cookie) if cookie else None, _password(environ))


def _from_environ(prefix: str, environ: Mapping[str, str]) -> Address | None:
    if path := environ.get(f"{prefix}_IPC_PATH"):
        return unix(Path(path.removeprefix("unix:")))
    port = environ.get(f"{prefix}_PORT")
    if not port:
        return None
    if not (port.isascii() and port.isdigit()):
        raise UsageError(f"{prefix}_PORT={port!r} is not a port", f"unset {prefix}_PORT")
    return tcp(environ.get(f"{prefix}_HOST", ""), int(port))


def _password(environ: Mapping[str, str]) -> str | None:
    password = environ.get("TOR_CONTROL_PASSWD")
    if password and len(password) > 1 and password[0] == password[-1] == '"':
        return password[1:-1]
    return password or None
