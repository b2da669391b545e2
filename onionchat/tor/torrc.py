"""The configuration of the tor that we start ourselves.

No TCP port, no defaults of the system, nothing that would make this tor differ from
others on the wire (research/tor.md 1.6 has the reason for each line). Where no transport
asks for it, it may start no program for the rest of its life, whoever steers it. Only the
flags of the SOCKS socket are ours: onions only, tor's own words for why a dial failed,
and a circuit for each contact that stays with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from onionchat.errors import UsageError
from onionchat.tor.bridges import bare, plugins
from onionchat.tor.find import trusted

SOCKS_FLAGS = "OnionTrafficOnly ExtendedErrors IsolateSOCKSAuth KeepAliveIsolateSOCKSAuth"


@dataclass(frozen=True, slots=True)
class Places:
    """Where our tor keeps its state, its two sockets and its cookie."""

    data: Path
    control: Path
    socks: Path
    cookie: Path


def own_torrc(
    places: Places,
    owner: int,
    *,
    include: Path | None = None,
    bridges: Sequence[str] = (),
    transports: Sequence[str] = (),
) -> str:
    """The text of the torrc. `owner`: the process tor ends with. RefusedError, UsageError."""
    lines = [
        f"DataDirectory {_quoted(places.data)}",
        f"ControlPort unix:{_quoted(places.control)}",
        "CookieAuthentication 1",
        f"CookieAuthFile {_quoted(places.cookie)}",
        f"SocksPort unix:{_quoted(places.socks)} {SOCKS_FLAGS}",
        f"__OwningControllerProcess {owner}",
        "ClientOnly 1",
        "AvoidDiskWrites 1",
        "SafeLogging 1",
        "Log notice stdout",
        "DormantCanceledByStartup 1",
        "GeoIPFile",
        "GeoIPv6File",
    ]
    lines += _bridge_lines(bridges, transports)
    file = None if include is None else _no_pattern(trusted(include))
    theirs = "" if file is None else file.read_text(errors="replace")
    if not _may_start_programs("\n".join([*lines, theirs])):
        lines.append("NoExec 1")
    if file is not None:
        lines.append(f"%include {_quoted(file)}")
    return "\n".join(lines) + "\n"


def _may_start_programs(torrc: str) -> bool:
    """Or somebody else's lines, which we do not look for, may say so."""
    return any(word in torrc.lower() for word in ("transportplugin", "%include"))


def _bridge_lines(bridges: Sequence[str], transports: Sequence[str]) -> list[str]:
    lines = ["UseBridges 1"] if bridges else []
    for plugin in plugins(bridges, transports):
        program = _word(str(plugin.program))
        lines.append(f"ClientTransportPlugin {_word(plugin.transport)} exec {program}")
    return lines + [f"Bridge {_unquoted(bare(bridge))}" for bridge in bridges]


def _no_pattern(path: Path) -> Path:
    """tor takes the name for a pattern, and finding nothing includes nothing, silently."""
    if any(sign in str(path) for sign in "*?[\\"):
        raise UsageError(
            f"{path} is a pattern to tor", "give the file a name without *, ?, [ or \\"
        )
    return path


def _quoted(value: Path | str) -> str:
    """A C string as tor reads it. A # after `unix:` would begin a comment, quoted or not."""
    text = _one_line(str(value)).replace("\\", "\\\\").replace('"', '\\"').replace("#", "\\x23")
    return f'"{text}"'


def _one_line(text: str) -> str:
    """Nothing that could begin another option."""
    if not text.isprintable():
        raise UsageError(f"{text!r} cannot stand in tor's configuration", "write it on one line")
    return text


def _unquoted(text: str) -> str:
    """Nor anything that would continue on the next line."""
    if text.endswith("\\"):
        raise UsageError(f"{text!r} cannot stand in tor's configuration", "leave out the backslash")
    return _one_line(text)


def _word(text: str) -> str:
    """tor splits at spaces, quoted or not: what follows one would be an argument."""
    if " " in text:
        raise UsageError(f"{text!r} has a space, which tor cannot use here", "use a path without")
    return _unquoted(text)
