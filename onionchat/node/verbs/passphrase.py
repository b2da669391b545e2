"""The verb `passphrase.change`: the same keys under another passphrase.

Only the keyslot is written anew, whole or not at all. Whoever has an old copy of it and the
old passphrase can still open that copy: a passphrase that somebody else has seen calls for
a new profile.
"""

import asyncio

import msgspec

from onionchat.crypto.secret import Secret
from onionchat.errors import UsageError
from onionchat.node.profile import Profile
from onionchat.node.verbs.registry import verb
from onionchat.store.whole_file import Unconfirmed


class ChangeParams(Secret, frozen=True, forbid_unknown_fields=True):
    """Both in base64, since a passphrase is bytes."""

    old: bytes
    new: bytes


class Changed(msgspec.Struct, frozen=True):
    changed: bool


@verb("passphrase.change", ChangeParams, offline=True)
async def change(profile: Profile, params: ChangeParams) -> Changed:
    """Give the profile another passphrase."""
    if not params.new:
        raise UsageError("the new passphrase is empty", "choose one that cannot be guessed")
    try:
        await asyncio.to_thread(profile.rewrap, params.old, params.new)
    except Unconfirmed:
        profile.keep(params.new)
        raise
    profile.keep(params.new)
    return Changed(True)
