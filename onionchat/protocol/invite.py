"""An invite: one string that lets one person reach us, once.

    version u8 = 1 | identity[32] | onion[32] | client key[32] | token[16] | expiry u64 | check[4]

125 bytes, so 200 characters of base32 without padding, behind `onionchat-invite:`. `onion` is a
service made for this invite alone, `client key` the X25519 private half of its authorisation:
without it nobody can even learn whether the service is there. `token` is said inside the
handshake's session, so that tor's process, which knows the other two, cannot use the invite.
`expiry` is in Unix seconds. `check` is the beginning of SHA3-256("onionchat invite" and the 121
bytes before it).

An invite goes through chats, mail and paper. White space anywhere, the marks that mail sets
before a quoted line, and case are no damage; whatever else was lost or changed is refused, with
a sentence that says what. It is a secret until it was used: whoever has it first is the guest.

Not here: who may use it when (the node), and whether that person is who they say (nobody but
the two can know: verify).
"""

import base64
import hashlib
import hmac
import struct
from typing import Final

from onionchat.crypto.ed25519_point import is_valid_key
from onionchat.crypto.secret import Secret
from onionchat.errors import RefusedError, UsageError
from onionchat.types import IdentityKey, OnionKey

SCHEME: Final = "onionchat-invite:"
VERSION: Final = 1
LENGTH: Final = 200
LONGEST_SECONDS: Final = 30 * 86400
"""No invite lives longer. One that seems to comes from a clock that is wrong, theirs or ours."""

_FIELDS: Final = struct.Struct(">B32s32s32s16sQ")
_CHECK: Final = 4
_ALPHABET: Final = frozenset("abcdefghijklmnopqrstuvwxyz234567")
_QUOTED: Final = str.maketrans("", "", ">|")
_AGAIN: Final = "copy all of it once more, or ask for another"


class Invite(Secret, frozen=True):
    """`expiry`: Unix seconds. Prints nothing."""

    identity: IdentityKey
    onion: OnionKey
    client_key: bytes
    token: bytes
    expiry: int


def is_meant(text: str) -> bool:
    """Is this an invite, damaged or not, rather than an address?"""
    folded = _folded(text)
    return folded.startswith(SCHEME) or len(folded) > LENGTH // 2


def encode(invite: Invite) -> str:
    """The scheme and 200 characters, in one piece."""
    fields = (invite.identity, invite.onion, invite.client_key, invite.token, invite.expiry)
    raw = _FIELDS.pack(VERSION, *fields)
    return SCHEME + base64.b32encode(raw + _check(raw)).decode().lower()


def decode(text: str) -> Invite:
    """UsageError says what is wrong with it."""
    if not text.isascii():
        raise UsageError("an invite has only plain ASCII letters and digits", _AGAIN)
    raw = _bytes(_folded(text).removeprefix(SCHEME))
    version, identity, onion, client_key, token, expiry = _FIELDS.unpack(raw[:-_CHECK])
    if not hmac.compare_digest(_check(raw[:-_CHECK]), raw[-_CHECK:]):
        raise UsageError("the invite was changed on its way: its checksum is wrong", _AGAIN)
    if version != VERSION:
        raise UsageError("this invite is for another version of onionchat", "update onionchat")
    if not (is_valid_key(identity) and is_valid_key(onion)):
        raise UsageError(
            "the invite is well formed but no honest program makes one like it",
            "do not use it; ask its owner by another way",
        )
    return Invite(IdentityKey(identity), OnionKey(onion), client_key, token, expiry)


def must_be_current(invite: Invite, now: float) -> None:
    """RefusedError at the Unix time `now`: it is over, or cannot have been made yet."""
    if now >= invite.expiry:
        raise RefusedError(
            "the invite has expired, by the clock of this machine",
            "if the clock is right, ask for another; if not, set it",
        )
    if invite.expiry - now > LONGEST_SECONDS:
        raise RefusedError(
            "the invite comes from the future: this machine's clock is wrong, or theirs",
            "set the clock, or ask for another",
        )


def _folded(text: str) -> str:
    return "".join(text.translate(_QUOTED).split()).lower()


def _bytes(letters: str) -> bytes:
    if not _ALPHABET.issuperset(letters):
        raise UsageError(
            "an invite has only the letters a-z and the digits 2-7 behind its colon", _AGAIN
        )
    if len(letters) != LENGTH:
        what = "it was cut short" if len(letters) < LENGTH else "something was added"
        raise UsageError(
            f"an invite has {LENGTH} characters, this has {len(letters)}: {what}", _AGAIN
        )
    return base64.b32decode(letters.upper())


def _check(raw: bytes) -> bytes:
    return hashlib.sha3_256(b"onionchat invite" + raw).digest()[:_CHECK]
