"""An onion service on tor's control port: ephemeral, ours alone, checked.

- Ephemeral and never detached: tor forgets it when our control connection ends, so a
  crashed node is not reachable, and no key is ever on tor's disk (`DiscardPK` keeps it
  out of the answer too).
- tor accepts a wrong key blob in silence and serves another address. The service ID it
  answers is compared with the one computed without tor; if they differ, that onion is
  taken down at once and the difference is our bug.
- 550 means that this tor already serves the key. From a connection of ours that is not
  quite gone, DEL_ONION clears it; if that answers 552, the key belongs to somebody else's
  connection: another program runs with this identity.

An onion that everybody may find can be flooded. There tor asks for proof of work once its queue
grows (tor's proposal 327), where it can and does it safely; at the rate that is given here, who is
honest waits behind a flood for seconds, and each try of the flood costs its sender more. No
circuit carries more than a few streams, so that each try costs one.

Two tors that serve one key fight over the descriptor's revision, and neither is
reachable for minutes to hours. Hence the lock on the profile, and the pause after
taking an onion down (publication.py).
"""

import re
from dataclasses import dataclass, field
from typing import Protocol

from onionchat.errors import LocalError, RefusedError, UsageError
from onionchat.tor import authorisation
from onionchat.tor.address import Address
from onionchat.tor.control_errors import ControlRefused

VIRTUAL_PORT = 5222
"""In tor's default LongLivedPorts, which counts on both ends of an onion circuit: stable
relays are chosen without a setting that would tell us apart."""

MAX_STREAMS = 4
"""On one circuit. A contact's links are on one, and more than these four they never have."""
POW_FROM = (0, 4, 9, 9)
"""Older versions of tor do not know the words, or divide by zero (TROVE-2026-020)."""
POW_RATE, POW_BURST = 8, 40
"""Introductions for each second, and at once. tor's own 250 and 2500 are made for web sites."""

_COLLISION, _UNKNOWN = 550, 552

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)\.(\d+)")
_PLAIN = re.compile(r"[!#-~]+")
"""ADD_ONION splits at spaces and takes neither quotes nor escapes nor bytes above 126."""


@dataclass(frozen=True, slots=True)
class Onion:
    """What to serve: `blob` is the base64 of the 64-byte expanded key, `service_id` its 56
    characters computed offline, `target` where links are delivered. `clients`: public keys of
    those who may come; empty: everybody may."""

    blob: str = field(repr=False)
    service_id: str
    target: Address
    clients: frozenset[bytes] = frozenset()

    def __post_init__(self) -> None:
        """UsageError for a target that cannot be written on the control port."""
        if not _PLAIN.fullmatch(str(self.target)):
            raise UsageError(
                f"tor delivers only to paths of plain ASCII without spaces: {self.target}",
                "choose a plain directory with --data-dir",
            )


class Asks(Protocol):
    async def ask(self, line: str) -> list[str]: ...


async def add(control: Asks, onion: Onion, version: str | None = None) -> bool:
    """Serve it, by a tor of this version. False: an old one was in the way and is gone now; add
    again after the pause. RefusedError: another program has it. ControlRefused: tor won't."""
    try:
        lines = await control.ask(f"ADD_ONION {_arguments(onion, version)}")
    except ControlRefused as refused:
        if refused.code != _COLLISION:
            raise
        await _clear(control, onion.service_id)
        return False
    served = lines[0].removeprefix("ServiceID=")
    if served != onion.service_id:
        await remove(control, served)
        raise LocalError("tor serves another address than the identity's: the key blob is wrong")
    return True


def _arguments(onion: Onion, version: str | None) -> str:
    flags = "DiscardPK,V3Auth" if onion.clients else "DiscardPK"
    words = [f"ED25519-V3:{onion.blob}", f"Flags={flags}", f"Port={VIRTUAL_PORT},{onion.target}"]
    words.append(f"MaxStreams={MAX_STREAMS}")
    if not onion.clients and _has_pow(version):
        words += ["PoWDefensesEnabled=1", f"PoWQueueRate={POW_RATE}", f"PoWQueueBurst={POW_BURST}"]
    words += [f"ClientAuthV3={key}" for key in sorted(map(authorisation.listed, onion.clients))]
    return " ".join(words)


def _has_pow(version: str | None) -> bool:
    found = _VERSION.match(version or "")
    return found is not None and tuple(map(int, found.groups())) >= POW_FROM


async def remove(control: Asks, service_id: str) -> None:
    """Take it down if it is up. Links that are open stay open: tor only stops new ones."""
    try:
        await control.ask(f"DEL_ONION {service_id}")
    except ControlRefused as refused:
        if refused.code != _UNKNOWN:
            raise


async def _clear(control: Asks, service_id: str) -> None:
    try:
        await control.ask(f"DEL_ONION {service_id}")
    except ControlRefused as refused:
        if refused.code != _UNKNOWN:
            raise
        raise RefusedError(
            "this tor already serves the address for another program",
            "stop the other onionchat that uses this identity",
        ) from refused
