"""What tor tells by itself: its event lines (control-spec 4.1) as typed values.

Only what changes a decision or a sentence is kept; every other line is None. tor is
trusted, but a line of an unknown shape must not end the reading of those behind it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

SUBSCRIBED = "STATUS_CLIENT STATUS_GENERAL HS_DESC NETWORK_LIVENESS SIGNAL"
BESIDES = "CIRC WARN"
"""Where it is allowed: a filter such as that of Tails shows neither circuits nor the log."""

_CLOCK = "your clock is wrong"
"""How tor's log ends a complaint that a relay's certificate is not valid yet, or any more. There
is no other event for a clock that is years off: no relay is believed what time it is."""

_PAIR = re.compile(r'([A-Za-z0-9_]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))')


@dataclass(frozen=True, slots=True)
class Bootstrap:
    percent: int
    tag: str
    summary: str
    warning: str | None


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One upload of one descriptor to one directory. `descriptor` is only known for UPLOAD."""

    action: str  # UPLOAD, UPLOADED, FAILED, CREATED, REQUESTED, RECEIVED
    service_id: str = field(repr=False)
    hsdir: str = ""
    descriptor: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Introduction:
    """A circuit to a relay that hands on who wants to come to an onion. `stands` False: any
    circuit that is gone, and then there is no `service_id`."""

    circuit: str
    stands: bool
    service_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Liveness:
    up: bool


@dataclass(frozen=True, slots=True)
class Circuits:
    """Whether tor can build circuits at all."""

    established: bool


@dataclass(frozen=True, slots=True)
class ClockSkew:
    """This clock minus the others', in seconds: positive is ahead."""

    seconds: int


@dataclass(frozen=True, slots=True)
class ClockDoubted:
    """A relay and this machine do not live in the same year."""


@dataclass(frozen=True, slots=True)
class ClockJumped:
    """The machine slept or its clock was set; tor has dropped every circuit."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Signal:
    name: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is over. The last event of its queue."""


@dataclass(frozen=True, slots=True)
class Nudge:
    """Not from tor: something is wanted anew."""


Event = (
    Bootstrap
    | Descriptor
    | Introduction
    | Liveness
    | Circuits
    | ClockSkew
    | ClockDoubted
    | ClockJumped
    | Signal
    | Lost
    | Nudge
)


def parse(line: str) -> Event | None:
    """One `650` line without its code, or None when it says nothing of interest."""
    kind, _, rest = line.partition(" ")
    reader = _READERS.get(kind)
    try:
        return reader(rest) if reader else None
    except (ValueError, LookupError):
        return None


def parse_bootstrap(status: str) -> Bootstrap:
    """`NOTICE BOOTSTRAP PROGRESS=...`, as in the event and in GETINFO. ValueError, KeyError."""
    pairs = _pairs(status)
    return Bootstrap(
        int(pairs["PROGRESS"]), pairs.get("TAG", ""), pairs.get("SUMMARY", ""), pairs.get("WARNING")
    )


def _status(rest: str) -> Event | None:
    _, action, *_ = rest.split(" ", 2)
    pairs = _pairs(rest)
    match action:
        case "BOOTSTRAP":
            return parse_bootstrap(rest)
        case "CIRCUIT_ESTABLISHED" | "CIRCUIT_NOT_ESTABLISHED":
            return Circuits(action == "CIRCUIT_ESTABLISHED")
        case "CLOCK_SKEW":
            return ClockSkew(int(pairs["SKEW"]))
        case "CLOCK_JUMPED":
            return ClockJumped(int(pairs["TIME"]))
    return None


def _descriptor(rest: str) -> Descriptor:
    action, service_id, _, hsdir, *more = rest.split(" ")
    named = [word for word in more if "=" not in word]
    fingerprint = re.split("[~=]", hsdir.removeprefix("$"))[0]
    descriptor = named[0] if named else ""
    return Descriptor(action, service_id, fingerprint, descriptor, _pairs(rest).get("REASON", ""))


def _circuit(rest: str) -> Introduction | None:
    circuit, status, *_ = rest.split(" ")
    if status in ("CLOSED", "FAILED"):
        return Introduction(circuit, False)
    pairs = _pairs(rest)
    if status == "BUILT" and pairs.get("PURPOSE") == "HS_SERVICE_INTRO":
        return Introduction(circuit, True, pairs["REND_QUERY"])
    return None


def _pairs(text: str) -> dict[str, str]:
    return {
        name: re.sub(r"\\(.)", r"\1", quoted) or bare for name, quoted, bare in _PAIR.findall(text)
    }


_READERS: dict[str, Callable[[str], Event | None]] = {
    "STATUS_CLIENT": _status,
    "STATUS_GENERAL": _status,
    "HS_DESC": _descriptor,
    "CIRC": _circuit,
    "NETWORK_LIVENESS": lambda rest: Liveness(rest == "UP"),
    "SIGNAL": Signal,
    "WARN": lambda rest: ClockDoubted() if _CLOCK in rest else None,
}
