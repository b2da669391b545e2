"""Verbs about contacts: list, show, rename; adding.py has the first.

A petname is local and never sent. It must not be mistaken for anything else: not for a
number of a request, an address, an option, or another name that looks the same; the
store refuses two names with one confusable skeleton.
"""

import msgspec

from onionchat.crypto.address import format_address
from onionchat.errors import RefusedError
from onionchat.node import people, why
from onionchat.node.clock import rfc3339
from onionchat.node.petname import check_petname, skeleton
from onionchat.node.profile import Profile
from onionchat.node.verbs.registry import verb
from onionchat.store import contacts, lifetimes, messages, outbox
from onionchat.store.contacts import ContactRow


class Added(msgspec.Struct, frozen=True):
    """`state`: requested, contact or blocked. `hint`: something that is said once."""

    name: str
    address: str
    state: str
    hint: str | None = None


class ListParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    prefix: str | None = None


class NameParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An exact name, or a full address."""

    name: str


class ShowParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With `exact` a prefix will not do."""

    name: str
    exact: bool = False


class RenameParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    new_name: str


class Contact(msgspec.Struct, frozen=True):
    """`waiting`: messages of ours that they have not got yet; `last_seen`: RFC 3339.
    `name` is null for an address that was refused and never had one. `reason`, `why`, `hint`:
    why a message to them waits, or would, as in `outbox.list`. In seconds, null for no limit:
    `disappearing`, how long after it was read what is sent now disappears at both sides; `keep`
    and `they_keep`, how long each side keeps anything."""

    name: str | None
    address: str
    state: str
    online: bool
    verified: bool
    last_seen: str | None
    unread: int
    waiting: int
    reason: str | None = None
    why: str | None = None
    hint: str | None = None
    disappearing: int | None = None
    keep: int | None = None
    they_keep: int | None = None


@verb("contact.list", ListParams, offline=True)
async def list_all(profile: Profile, params: ListParams) -> list[Contact]:
    """Everybody, or those whose name begins with `prefix`."""
    return await profile.db.run(_list, params.prefix or "", profile)


@verb("contact.show", ShowParams, offline=True)
async def show(profile: Profile, params: ShowParams) -> Contact:
    """One contact, by name, address, or the beginning of a name."""
    return await profile.db.run(_show, params, profile)


@verb("contact.rename", RenameParams)
async def rename(profile: Profile, params: RenameParams) -> Contact:
    """Call a contact something else; only this profile knows what."""
    profile.running()
    check_petname(params.new_name)
    row = await profile.change(_rename, params)
    await profile.changed(row.id)
    return await profile.db.run(contact_of, row, profile)


def name_is_free(name: str, but_for: int | None = None) -> None:
    """RefusedError if another contact has this name or one that looks the same."""
    other = contacts.by_skeleton(skeleton(name))
    if other is not None and other.id != but_for:
        raise RefusedError(
            f"you already have a contact called {other.name!r}",
            "choose a name that cannot be mistaken for it",
        )


def _list(prefix: str, profile: Profile) -> list[Contact]:
    unread, waiting = messages.unread_by_contact(), outbox.waiting_by_contact()
    rows = sorted(contacts.all_rows(prefix), key=lambda row: row.name.casefold())
    return [_contact(row, profile, unread.get(row.id, 0), waiting.get(row.id, 0)) for row in rows]


def _rename(params: RenameParams) -> ContactRow:
    row = people.find(params.name)
    name_is_free(params.new_name, but_for=row.id)
    contacts.rename(row.id, params.new_name, skeleton(params.new_name))
    return contacts.by_id(row.id)


def _show(params: ShowParams, profile: Profile) -> Contact:
    find = people.find if params.exact else people.find_by_prefix
    return contact_of(find(params.name), profile)


def contact_of(row: ContactRow, profile: Profile) -> Contact:
    """One contact as the verbs show them, inside a transaction."""
    unread, waiting = messages.unread_by_contact(), outbox.waiting_by_contact()
    return _contact(row, profile, unread.get(row.id, 0), waiting.get(row.id, 0))


def _contact(row: ContactRow, profile: Profile, unread: int, waiting: int) -> Contact:
    live, times = profile.live, lifetimes.of(row.conversation)
    word, sentence, hint = why.told(why.of(row, live, profile.clock()))
    return Contact(
        name=row.name,
        address=format_address(row.key),
        state=row.state,
        online=live is not None and live.online(row.id),
        verified=row.verified,
        last_seen=rfc3339(row.last_seen),
        unread=unread,
        waiting=waiting,
        reason=word,
        why=sentence,
        hint=hint,
        disappearing=times.disappear or None,
        keep=times.keep or None,
        they_keep=times.they_keep or None,
    )
