"""The onion address: 56 characters that are a person's identity key.

`base32lower(key || SHA3-256(".onion checksum" || key || 3)[:2] || 3)`, the form of tor's
rend-spec-v3, section 6. Addresses travel by chat, by paper and by voice, and a wrong one
reaches a stranger; so parsing is strict and says which mistake it was. Two strings are the
same person only if their 32-byte keys are equal: never compare the text.
"""

import base64
import hashlib

from onionchat.crypto.ed25519_point import is_valid_key
from onionchat.errors import UsageError
from onionchat.types import IdentityKey

VERSION = 3
LENGTH = 56
_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz234567")
_SCHEME = "onionchat:"
_SUFFIX = ".onion"
_AGAIN = "ask for it again, or copy it once more: it has 56 letters and digits"


def service_id(key: bytes) -> str:
    """The 56 characters without `.onion`, as tor names the service."""
    raw = key + _checksum(key) + bytes([VERSION])
    return base64.b32encode(raw).decode().lower()


def format_address(key: bytes) -> str:
    """The address as it is shown: 56 characters and `.onion`."""
    return service_id(key) + _SUFFIX


def parse_address(text: str) -> IdentityKey:
    """The identity key in an address; UsageError says what is wrong with it.

    Accepted around the 56 characters: `onionchat:` before, `.onion` behind, any case.
    """
    if not text.isascii():
        raise UsageError("an address has only plain ASCII letters and digits", _AGAIN)
    name = text.lower().removeprefix(_SCHEME).removesuffix(_SUFFIX)
    _check_shape(name)
    raw = base64.b32decode(name.upper())
    key, checksum, version = raw[:32], raw[32:34], raw[34]
    if version != VERSION:
        raise UsageError("this is no version 3 onion address: those end in d", _AGAIN)
    if checksum != _checksum(key):
        raise UsageError("the address has a typing mistake: its checksum is wrong", _AGAIN)
    if not is_valid_key(key):
        raise UsageError(
            "the address is well formed but no honest program makes one like it",
            "do not use it; ask its owner for their address by another way",
        )
    return IdentityKey(key)


def _checksum(key: bytes) -> bytes:
    return hashlib.sha3_256(b".onion checksum" + key + bytes([VERSION])).digest()[:2]


def _check_shape(name: str) -> None:
    if "/" in name:
        raise UsageError("an address is no link: it has no slashes", "leave out what surrounds it")
    if any(map(str.isspace, name)):
        raise UsageError("an address has no white space", "write it in one piece")
    if "." in name:
        raise UsageError("an address has no dot except the one before `onion`", _AGAIN)
    if len(name) != LENGTH:
        raise UsageError(f"an address has {LENGTH} characters, this has {len(name)}", _AGAIN)
    if not _ALPHABET.issuperset(name):
        raise UsageError("an address has only the letters a-z and the digits 2-7", _AGAIN)
