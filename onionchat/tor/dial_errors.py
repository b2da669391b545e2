"""Why a dial failed, as a tree: each leaf is one answer of tor, one sentence, one next step.

The sentences speak of whoever was dialled as "they"; node/why.py says them to a person.
`reason` is the word for scripts (cli.md) and what the node decides by:

  offline        the peer is not there: long backoff, it will dial us when it comes
  unreachable    the peer's tor answers but not its program, or its descriptor is bad
  network        trouble on the way, ours or tor's: again soon, with a new token
  unauthorised   the onion wants a key that we lack, or has withdrawn ours
  starting       our own tor is not ready: dial when it is

F0 to F7 are tor's extended onion errors (tor(1), SocksPort ExtendedErrors); without that flag,
as on a system tor, it answers 01, 04, 05, 06 instead and the sentence says less.
"""
# ruff: noqa: N818 -- the leaves are named by what happened, the root says Error

from typing import ClassVar, Literal

from onionchat.errors import UnreachableError

Reason = Literal["offline", "unreachable", "network", "unauthorised", "starting"]

WAITS = "it is tried again by itself"
BOTH = "both must be online at once"
_ANOTHER_WAY = "ask them on another way to accept you again"


class DialError(UnreachableError):
    """A dial that did not become a link."""

    reason: ClassVar[Reason] = "network"
    code: ClassVar[int | None] = None  # the SOCKS reply, or None when there was none
    sentence: ClassVar[str] = "they could not be reached"
    next_step: ClassVar[str] = WAITS

    def __init__(self) -> None:
        super().__init__(self.sentence, self.next_step)


class NotPublished(DialError):
    code, reason = 0xF0, "offline"
    sentence = "they are offline: their address has not been announced for hours"
    next_step = BOTH


class BadDescriptor(DialError):
    code, reason = 0xF1, "unreachable"
    sentence = "tor cannot read what announces their address"


class IntroductionFailed(DialError):
    """Gone for less than three hours, or just back: worth one more try within half a minute."""

    code, reason = 0xF2, "offline"
    sentence = "they went offline a short while ago, or are just coming back"
    next_step = BOTH


class RendezvousFailed(DialError):
    code, reason = 0xF3, "network"
    sentence = "they are there, but the path to them did not come about"


class KeyMissing(DialError):
    code, reason = 0xF4, "unauthorised"
    sentence = "their address answers only with a key, and there is none for it here"
    next_step = _ANOTHER_WAY


class KeyRefused(DialError):
    code, reason = 0xF5, "unauthorised"
    sentence = "their address no longer takes the key that was given for it"
    next_step = _ANOTHER_WAY


class KeyNotTaken(DialError):
    """Not an answer of theirs: our own tor refused the command."""

    reason = "unauthorised"
    sentence = "your tor does not take the key that their address asks for"
    next_step = "let its filter pass ONION_CLIENT_AUTH_ADD, or let onionchat start its own tor"


class BadAddress(DialError):
    """Never again: addresses are checked when they are entered, so tor should agree."""

    code, reason = 0xF6, "unreachable"
    sentence = "tor says that their address is not an onion address"
    next_step = "compare the address with them"


class IntroductionTimedOut(DialError):
    code, reason = 0xF7, "network"
    sentence = "no path to them answered in time: the network here may be weak"


class GeneralFailure(DialError):
    code, reason = 0x01, "network"
    sentence = "tor could not reach them and does not say why"


class HostUnreachable(DialError):
    """F0 or F2 from a tor without extended errors."""

    code, reason = 0x04, "offline"
    sentence = "they are offline, or their address has not been announced"
    next_step = BOTH


class Refused(DialError):
    """tor answers so on purpose for an unmapped port, a full circuit, a program not listening."""

    code, reason = 0x05, "unreachable"
    sentence = "their tor is up, but their program does not answer"


class TimedOut(DialError):
    code, reason = 0x06, "network"
    sentence = "tor gave up on the path to them"


class UnknownRefusal(DialError):
    reason = "network"
    sentence = "tor refused the connection with a code that this program does not know"


class NotSocks(DialError):
    reason = "network"
    sentence = "what answers at tor's SOCKS address is not a tor that this program can use"
    next_step = "check --tor-socks, or let onionchat start its own tor"


class DialTimeout(DialError):
    reason = "network"
    sentence = "they did not answer in time"


class Starting(DialError):
    reason = "starting"
    sentence = "your own tor is not ready yet"


_BY_CODE = {
    kind.code: kind
    for kind in (
        *(NotPublished, BadDescriptor, IntroductionFailed, RendezvousFailed),
        *(KeyMissing, KeyRefused, BadAddress, IntroductionTimedOut),
        *(GeneralFailure, HostUnreachable, Refused, TimedOut),
    )
}


def refusal(code: int) -> DialError:
    """The leaf for a SOCKS reply code other than zero."""
    return _BY_CODE.get(code, UnknownRefusal)()
