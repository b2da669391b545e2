"""The verb `backup.create`: this profile, sealed under a passphrase of its own.

The node hands out the sealed bytes and writes no file: whoever asks knows best where it
goes, may see other directories than the node, and needs no power to make the node write
anywhere. Restoring needs no profile, so there is no verb for it (node/backup.py).
"""

import msgspec

from onionchat.crypto.secret import Secret
from onionchat.errors import UsageError
from onionchat.node import backup
from onionchat.node.profile import Profile
from onionchat.node.verbs.registry import verb


class CreateParams(Secret, frozen=True, forbid_unknown_fields=True):
    """`passphrase`: of the backup, in base64. `history`: with the messages."""

    passphrase: bytes
    history: bool = False


class Sealed(msgspec.Struct, frozen=True):
    """`backup`: the file's content in base64. `left_out`: messages that are not in it, though
    nobody has read them here, or they have not arrived."""

    backup: bytes
    contacts: int
    messages: int
    left_out: int


@verb("backup.create", CreateParams, offline=True)
async def create(profile: Profile, params: CreateParams) -> Sealed:
    """Identity, contacts and what was verified; with `history` the messages too."""
    if not params.passphrase:
        raise UsageError("the backup's passphrase is empty", "choose one that nobody can guess")
    sealed, content, left_out = await backup.sealed(
        profile, params.passphrase, history=params.history
    )
    return Sealed(sealed, len(content.contacts), content.messages, left_out)
