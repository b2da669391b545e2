"""Why a door of a running tor stays shut to this user, and the command that opens it.

A tor of the system runs as a user of its own and lets its group in: Debian's has both
sockets and the cookie in /run/tor, for the group debian-tor. A group that was joined counts
from the next log-in on, which is the step that everybody forgets.
"""

import grp
import os
import pwd
import stat
from pathlib import Path

from onionchat.errors import UnreachableError
from onionchat.tor.address import Address, SocksAddress, UnixAddress
from onionchat.tor.control_errors import ControlLost, one_line
from onionchat.tor.link import connect

DEBIAN = Path("/run/tor")

_ELSEWHERE = "let its torrc name a place that its group may enter, see torrc.example"


def closed(address: Address, error: OSError) -> UnreachableError:
    """Why the control port could not be connected to."""
    if isinstance(address, UnixAddress):
        if isinstance(error, PermissionError):
            return _forbidden("tor's control socket", address.path, stat.S_IWGRP)
        if address.path.parent == DEBIAN:
            return UnreachableError(
                f"no tor listens at {address}", "start it: sudo systemctl start tor@default"
            )
    return ControlLost(f"nobody answers at tor's control port {address}")


def unreadable(cookie: Path) -> UnreachableError:
    """Why the cookie that opens the control port could not be read."""
    try:
        found = cookie.exists()
    except PermissionError:
        found = True
    if found:
        return _forbidden("tor's control cookie", cookie, stat.S_IRGRP)
    return UnreachableError(
        f"tor's control cookie is not there: {cookie}",
        "name it in TOR_CONTROL_COOKIE_AUTH_FILE",
    )


async def socks_trouble(address: SocksAddress) -> str | None:
    """Why nobody could be dialled through this SOCKS port; None: it opens."""
    try:
        link = await connect(address)
    except OSError as error:
        if isinstance(address, UnixAddress) and isinstance(error, PermissionError):
            return one_line(_forbidden("tor's SOCKS socket", address.path, stat.S_IWGRP))
        return f"nobody answers at tor's SOCKS port {address}: nobody can be dialled"
    await link.close()
    return None


def _forbidden(what: str, path: Path, group_bit: int) -> UnreachableError:
    return UnreachableError(f"this user may not use {what} {path}", _way_in(path, group_bit))


def _way_in(path: Path, group_bit: int) -> str:
    """The command for what the file's owner and mode say."""
    try:
        found = path.stat()
    except PermissionError:
        return _ELSEWHERE
    if not found.st_mode & group_bit or found.st_gid == 0:
        return _ELSEWHERE
    group = grp.getgrgid(found.st_gid)
    user = pwd.getpwuid(os.geteuid()).pw_name
    if user in group.gr_mem:
        return f"{user} is in the group {group.gr_name} since the last log-in: log in again"
    return f"sudo adduser {user} {group.gr_name}, then log in again"
