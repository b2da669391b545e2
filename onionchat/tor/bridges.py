"""Bridges: entrances that no list shows, and the programs that give tor another look.

A bridge line is what the person was given: `[TRANSPORT] ADDRESS:PORT FINGERPRINT ARGUMENTS`.
A transport is spoken by a program that tor starts and that ends with it. One that is named
(`--transport`) is taken; else it is looked for where tor is looked for. Both are held to the
rule for tor itself: one that others can change is not run.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from onionchat.errors import UnreachableError, UsageError
from onionchat.tor.find import installed, trusted

PROGRAMS = {
    "obfs4": ("lyrebird", "obfs4proxy"),
    "meek_lite": ("lyrebird", "obfs4proxy"),
    "snowflake": ("snowflake-client", "lyrebird"),
    "webtunnel": ("webtunnel-client", "lyrebird"),
}
"""Who speaks what, the likeliest to be good at it first."""

PACKAGES = {"obfs4": "obfs4proxy", "meek_lite": "obfs4proxy", "snowflake": "snowflake-client"}
"""The Debian package of one of them."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What tor takes for a transport; an address has a dot or a bracket."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A transport and the program that speaks it."""

    transport: str
    program: Path


def bare(line: str) -> str:
    """The line without the word `Bridge` before it, as some write it."""
    return re.sub(r"^\s*bridge\s+", "", line, flags=re.IGNORECASE).strip()


def plugins(
    bridges: Sequence[str], transports: Sequence[str], environ: Mapping[str, str] | None = None
) -> list[Plugin]:
    """The programs named by `transports` (NAME=PATH), and those found for the other bridges.
    UsageError, UnreachableError for one that is not there, RefusedError for an unsafe one."""
    named = list(map(_named, transports))
    known = {plugin.transport for plugin in named}
    missing = [name for name in dict.fromkeys(_spoken(bridges)) if name not in known]
    return named + [_found(name, os.environ if environ is None else environ) for name in missing]


def _spoken(bridges: Sequence[str]) -> Iterator[str]:
    for line in map(bare, bridges):
        word = line.split(" ")[0]
        if _NAME.fullmatch(word):
            yield word


def _named(transport: str) -> Plugin:
    name, _, path = transport.partition("=")
    if not name or not path:
        raise UsageError(
            f"{transport!r} is not NAME=PATH", "such as --transport obfs4=/usr/bin/obfs4proxy"
        )
    return Plugin(name, trusted(Path(path)))


def _found(name: str, environ: Mapping[str, str]) -> Plugin:
    if name not in PROGRAMS:
        raise UsageError(
            f"the bridge's transport {name!r} is not known here",
            f"name the program that speaks it: --transport {name}=/full/path",
        )
    for program in PROGRAMS[name]:
        if path := installed(program, environ):
            return Plugin(name, trusted(path))
    package = PACKAGES.get(name)
    get = f"sudo apt-get install {package}" if package else "it comes with Tor Browser"
    raise UnreachableError(
        f"the bridge's transport {name} needs a program, and none is installed",
        f"{get}; or name one: --transport {name}=/full/path/of/{PROGRAMS[name][0]}",
    )
