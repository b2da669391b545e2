"""Who is meant: an exact petname or a full address, and nothing that only resembles one.

A prefix or a guess would send a message to the wrong person. The two verbs that only
show something, `contact.list` and `contact.show`, take a prefix as well.
"""

from onionchat.crypto.address import parse_address
from onionchat.errors import NotFoundError, UsageError
from onionchat.store import contacts
from onionchat.store.contacts import ContactRow
from onionchat.types import IdentityKey

_HINT = "look at your contacts with `onionchat contact list`"


def find(who: str) -> ContactRow:
    """The contact with this name or address, inside a transaction; NotFoundError."""
    contact = contacts.by_name(who)
    if contact is None and (key := address_in(who)) is not None:
        contact = contacts.by_key(key)
    if contact is None:
        raise NotFoundError(f"no contact is called {who!r}", _HINT)
    return contact


def find_by_prefix(who: str) -> ContactRow:
    """Like `find`; the only contact whose name begins so will do."""
    try:
        return find(who)
    except NotFoundError:
        matches = contacts.all_rows(who)
        if len(matches) != 1:
            raise
        return matches[0]


def address_in(who: str) -> IdentityKey | None:
    """The key if this is a full address; what is not one is a name."""
    try:
        return parse_address(who)
    except UsageError:
        return None
