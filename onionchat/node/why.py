"""Why something waits: is it me, tor, or them? Said once, and everywhere in these words.

`status`, `contact show`, `outbox list`, `doctor` and the sentence after `send` all show the
same `Why`. Scripts read its word:

    starting       our own tor is not ready yet
    requested      they have not accepted us yet
    blocked        we have blocked them
    identity       held back until they are verified again
    full           there was no room here for what a conversation writes
    offline, unreachable, network, unauthorised      why the last dial came to nothing

There is none while they are online, or where nobody has tried yet. What tor answers to a dial
has its words in tor/dial_errors.py; what comes after it, and before it, has them here. "They
are offline" is never said of somebody because our own tor is not ready.
"""

from typing import TYPE_CHECKING

import msgspec

from onionchat.errors import RemoteError, UserError
from onionchat.node import requests
from onionchat.node.connection import HungUp
from onionchat.store.contacts import ContactRow
from onionchat.tor.dial_errors import BOTH, WAITS, DialError
from onionchat.tor.status import TorStatus
from onionchat.types import Millis

if TYPE_CHECKING:
    from onionchat.node.profile import Live


class Why(msgspec.Struct, frozen=True):
    """`reason`: the word for scripts. `hint`: the next step."""

    reason: str
    sentence: str
    hint: str


NOT_REACHED = Why(
    "requested",
    "your request has not reached them yet",
    "it is offered whenever both of you are online, for 30 days",
)
NOT_ACCEPTED = Why(
    "requested",
    "they have not accepted your request yet",
    "what you write leaves when they do; ask them on another way",
)
GIVEN_UP = Why(
    "requested",
    "your request was offered for 30 days, and they have not accepted it",
    "ask them on another way; whenever you write to them it is offered once more",
)
BLOCKED = Why(
    "blocked", "you have blocked them", "`onionchat contact unblock`, if you want to talk"
)
HELD = Why(
    "identity",
    "they came back as somebody new, so what you write is held back",
    "ask them on another way, then `onionchat verify NAME --confirm`",
)
LEFT = Why("offline", "they said goodbye and went offline", BOTH)
NEVER_SEEN = Why(
    "offline",
    "they are offline, and have never been reachable from here",
    f"{BOTH}; look whether this is their address, or ask for another invite, if you used one",
)
IMPOSTOR = Why(
    "unreachable",
    "somebody answers at their address who cannot prove to be them",
    "do not trust this address until you have asked them on another way",
)
DELAYED = Why(
    "delayed",
    "it is to leave later",
    "`onionchat outbox cancel` takes it back",
)
SILENT = Why(
    "unreachable",
    "their program hangs up, or answers too slowly, before it has greeted",
    f"it may be full, or just ending; {WAITS}",
)


def of(contact: ContactRow, live: "Live | None", now: Millis) -> Why | None:
    """Why a message to this contact waits, or would."""
    if contact.state == "blocked":
        return BLOCKED
    if contact.state == "requested":
        return _asked(contact, now)
    if contact.held:
        return HELD
    if live is None or live.online(contact.id):
        return None
    if live.tor.state != "ready":
        return starting(live.tor)
    last = live.why(contact.id)
    never = last is not None and last.reason == "offline" and contact.last_seen is None
    return NEVER_SEEN if never else last


def told(reason: Why | None) -> tuple[str | None, str | None, str | None]:
    """Word, sentence and next step as the verbs answer them; null where nothing is known."""
    return (None, None, None) if reason is None else msgspec.structs.astuple(reason)


def failed(error: Exception) -> Why:
    """Why a dial, or the greeting behind it, came to nothing."""
    match error:
        case DialError():
            return Why(error.reason, error.message, error.hint)
        case HungUp() | ConnectionError() | TimeoutError():
            return SILENT
        case RemoteError():
            return IMPOSTOR
        case UserError():
            return Why("full", error.message, error.hint)
    raise error


def starting(tor: TorStatus) -> Why:
    """Nobody can be dialled before tor is in the network."""
    hint = tor.warning or "`onionchat status` shows how far it is"
    return Why("starting", "your own tor is not ready yet", hint)


def _asked(contact: ContactRow, now: Millis) -> Why:
    if requests.pause(contact, now) is None:
        return GIVEN_UP
    return NOT_REACHED if contact.next_offer is None else NOT_ACCEPTED
