"""Who was a contact, and was blocked or removed."""

from tests.mutants.claims.weakness import Weakness

REMOVED = (
    "node/test_expelled.py"
    "::test_a_removed_contact_never_gets_a_connection_and_the_others_notice_nothing"
)
REMOVED_LIVE = (
    "live/test_inboxes.py::test_who_was_removed_finds_nobody_and_the_others_stay_connected"
)

BLOCKED = (
    "node/test_people.py::test_who_is_blocked_is_cut_off_at_once_and_comes_back_with_everything"
)

WEAKNESSES = (
    Weakness(
        "an inbox is open to whoever has its address",
        (
            (
                "node/places.py",
                "frozenset(map(client_key.public, row.client_keys))",
                "frozenset[bytes]()",
            ),
        ),
        (REMOVED,),
    ),
    Weakness(
        "tor is told of new keys to an inbox, and goes on taking the old ones",
        (
            (
                "tor/client.py",
                "clients=frozenset(clients))",
                (
                    "clients=frozenset(clients) | self._wanted[service_id].clients"
                    " | {__import__('secrets').token_bytes(32)})"
                ),
            ),
        ),
        (REMOVED_LIVE,),
    ),
    Weakness(
        "who is blocked keeps their key",
        (
            (
                "store/inboxes.py",
                "    Admission.delete().where(Admission.device == device).execute()\n",
                "",
            ),
        ),
        (REMOVED,),
    ),
    Weakness(
        "when somebody is removed every connection ends",
        (
            (
                "node/peers.py",
                "        await peer.leave()\n",
                (
                    "        for each in [peer, *self._by_contact.values()]:\n"
                    "            for talk in [*each._talks]:\n"
                    "                await talk.connection.close()\n"
                ),
            ),
        ),
        (REMOVED, REMOVED_LIVE),
    ),
    Weakness(
        "who is blocked or removed stays connected",
        (("node/peers.py", "                await self._part(peer)\n", "                pass\n"),),
        (REMOVED, BLOCKED),
    ),
    Weakness(
        "who is removed remains a contact, with nothing said",
        (
            (
                "store/contacts.py",
                "    Contact.delete().where(Contact.id == contact.id).execute()\n",
                "",
            ),
        ),
        ("node/test_people.py::test_removed_is_removed_while_they_write",),
    ),
    Weakness(
        "an old inbox goes at once, whoever does not know the new one",
        (("store/inboxes.py", "Inbox.id.not_in(_needed())", "Inbox.id.is_null(False)"),),
        ("node/test_expelled.py::test_who_was_away_when_the_inbox_moved_comes_to_the_old_one",),
    ),
    Weakness(
        "an old inbox stays until everybody has come",
        (("store/inboxes.py", "(Inbox.closing_since < argument(0)) | ", ""),),
        ("node/test_expelled.py::test_an_old_inbox_goes_after_thirty_days_whoever_is_away",),
    ),
    Weakness(
        "a node that runs looks at no old inbox by itself",
        (("node/places.py", "IDLE = 3600.0\n", "IDLE = 1e9\n"),),
        ("node/test_expelled.py::test_an_old_inbox_goes_after_thirty_days_whoever_is_away",),
    ),
)
