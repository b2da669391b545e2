"""The verb `verify`: is the contact who we think they are?

Both people read the same safety number to each other, in person or on a way on which they
know each other's voice. Confirming asks for its last group as the other side reads it: who
only presses Enter confirms nothing. It also releases what was held back after a contact
came back as somebody new.
"""

import msgspec

from onionchat.crypto.safety import safety_number
from onionchat.errors import IdentityError, UsageError
from onionchat.node import people
from onionchat.node.profile import Profile
from onionchat.node.verbs.registry import verb
from onionchat.store import contacts
from onionchat.store.contacts import ContactRow


class VerifyParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`confirm`: the last five digits of the number, as the contact has read them aloud."""

    name: str
    confirm: str | None = None


class Verified(msgspec.Struct, frozen=True):
    safety_number: str
    verified: bool


@verb("verify", VerifyParams, offline=True)
async def verify(profile: Profile, params: VerifyParams) -> Verified:
    """The safety number of a contact and us; with `confirm`, mark them as verified."""
    row = await profile.db.run(people.find, params.name)
    number = safety_number(profile.identity.key, row.key)
    if params.confirm is None:
        return Verified(number, row.verified)
    _compare(row, params.confirm, number)
    await profile.change(contacts.verify, row.id)
    await profile.changed(row.id)
    return Verified(number, verified=True)


def _compare(row: ContactRow, said: str, number: str) -> None:
    if len(said) != 5 or not (said.isascii() and said.isdigit()):
        raise UsageError(
            "the last group of a safety number has five digits",
            "let the other side read theirs to you, and give its last group",
        )
    if said != number[-5:]:
        raise IdentityError(
            f"that is not the safety number that you share with {row.name!r}",
            "read it again, both of you; if it stays different, somebody stands between you",
        )
