"""A stranger who has the address: what they learn, what is stored, what they use up."""

from tests.mutants.claims.weakness import Weakness

_INBOX = "            door = Door(self._profile, self._peers, None)\n"
_HELLO = "        await connection.send(await self._profile.db.run(greeting.hello, None))\n"
_IF_REFUSED = "        if await self._profile.db.run(requests.requests.refusal, key):\n"
_IF_KNOWN = "        if await self._profile.db.run(requests.contacts.by_key, key):\n"
_KEYS = "live/test_client_keys.py"

WEAKNESSES = (
    Weakness(
        "the address is served though it is off",
        (("node/places.py", "        if reachable.on:\n", "        if True:\n"),),
        ("node/test_inboxes.py::test_contacts_talk_with_both_addresses_off",),
    ),
    Weakness(
        "what is down for us is not taken down by tor",
        (
            (
                "tor/onions.py",
                'tor only stops new ones."""\n',
                'tor only stops new ones."""\n    return\n',
            ),
        ),
        ("live/test_inboxes.py::test_with_the_address_off_contacts_come_whatever_tor_forgets",),
    ),
    Weakness(
        "when its time is over the address is off for a moment, and then on for good",
        (
            (
                "store/reachability.py",
                "row.wanted, row.until = False, None",
                "row.wanted, row.until = True, None",
            ),
        ),
        ("node/test_reachable.py::test_on_for_a_time_is_off_after_it_and_across_restarts",),
    ),
    Weakness(
        "an inbox asks for no key",
        (
            (
                "node/places.py",
                'yield Wanted("inbox", Identity.from_seed(row.seed), door.answer, clients)',
                'yield Wanted("inbox", Identity.from_seed(row.seed), door.answer)',
            ),
        ),
        ("node/test_inboxes.py::test_nobody_gets_in_without_the_key_or_with_anothers_identity",),
    ),
    Weakness(
        "whoever comes to an inbox with a key is heard",
        (
            (
                "node/places.py",
                _INBOX,
                _INBOX.replace("None", "Strangers(self._profile, self._peers)"),
            ),
        ),
        ("node/test_inboxes.py::test_nobody_gets_in_without_the_key_or_with_anothers_identity",),
    ),
    Weakness(
        "an inbox is put up as if everybody might come",
        (
            (
                "tor/onions.py",
                '"DiscardPK,V3Auth" if onion.clients else "DiscardPK"',
                '"DiscardPK"',
            ),
            ("tor/onions.py", "sorted(map(authorisation.listed, onion.clients))", "()"),
        ),
        (f"{_KEYS}::test_an_inbox_with_200_contacts_is_found_by_each_and_by_nobody_else",),
    ),
    Weakness(
        "whom we know is greeted with our sessions, blocked or not",
        (
            (
                "node/strangers.py",
                _HELLO,
                _HELLO.replace(
                    "greeting.hello, None", "lambda: greeting.hello(greeting.contacts.by_key(key))"
                ),
            ),
            (
                "node/greeting.py",
                'if contact is not None and contact.state == "contact":\n        rows',
                "if contact is not None:\n        rows",
            ),
        ),
        ("node/test_strangers.py::test_unknown_rejected_and_blocked_see_the_same",),
    ),
    Weakness(
        "who was refused is told so",
        (
            (
                "node/strangers.py",
                _HELLO,
                f'{_HELLO}{_IF_REFUSED}            await connection.send(Pong(b"no"))\n',
            ),
            (
                "node/strangers.py",
                "EnvelopeReceived, PeerBye\n",
                "EnvelopeReceived, PeerBye, Pong\n",
            ),
        ),
        ("node/test_strangers.py::test_unknown_rejected_and_blocked_see_the_same",),
    ),
    Weakness(
        "a request of somebody who was rejected is stored",
        (("store/requests.py", "if refused or by_key", "if by_key"),),
        ("node/test_strangers.py::test_unknown_rejected_and_blocked_see_the_same",),
    ),
    Weakness(
        "a request of a contact who was blocked is stored",
        (("node/requests.py", "    if contacts.by_key(key) is None:\n", "    if True:\n"),),
        ("node/test_strangers.py::test_unknown_rejected_and_blocked_see_the_same",),
    ),
    Weakness(
        "a contact who was blocked is hung up on at once",
        (
            (
                "node/strangers.py",
                _HELLO,
                f"{_HELLO}{_IF_KNOWN}            return\n",
            ),
        ),
        ("node/test_strangers.py::test_nobody_is_hung_up_on_before_others",),
    ),
    Weakness(
        "who was refused is hung up on at once",
        (
            (
                "node/strangers.py",
                _HELLO,
                f"{_HELLO}{_IF_REFUSED}            return\n",
            ),
        ),
        ("node/test_strangers.py::test_nobody_is_hung_up_on_before_others",),
    ),
    Weakness(
        "a key that was named before is known to be one",
        (
            (
                "crypto/ed25519_point.py",
                "def is_valid_key",
                '@__import__("functools").cache\ndef is_valid_key',
            ),
        ),
        ("crypto/test_handshake.py::test_whom_an_m3_names_costs_the_same_each_time",),
    ),
    Weakness(
        "a request is stored while who leaves it is there",
        (
            (
                "node/strangers.py",
                "        await wait(gone, asyncio.get_running_loop().time() + PARTING)\n",
                "",
            ),
        ),
        ("node/test_strangers.py::test_a_request_is_stored_when_nobody_waits_for_it",),
    ),
    Weakness(
        "a stranger's connection waits until their request is stored",
        (
            (
                "node/strangers.py",
                "storing.create_task(self._store(key, request, gone))",
                "await self._store(key, request, gone)",
            ),
        ),
        ("node/test_strangers.py::test_a_stranger_never_waits_for_the_disk",),
    ),
    Weakness(
        "what a stranger says is answered",
        (
            (
                "node/strangers.py",
                "                        break\n",
                f"{24 * ' '}await connection.send(Envelope(wire))\n{24 * ' '}break\n",
            ),
            ("node/strangers.py", "import EnvelopeReceived, PeerBye\n", "import *\n"),
        ),
        ("node/test_strangers.py::test_a_stranger_gets_no_receipt",),
    ),
    Weakness(
        "a stranger's text is stored like a request",
        (
            (
                "node/strangers.py",
                "isinstance(record, ContactRequest)",
                'hasattr(record, "text")',
            ),
        ),
        ("node/test_strangers.py::test_only_a_request_is_heard",),
    ),
    Weakness(
        "what stands behind a request takes its place",
        (
            ("node/strangers.py", "                        break\n", ""),
            ("node/strangers.py", "isinstance(record, ContactRequest)", 'hasattr(record, "text")'),
            ("store/requests.py", " or by_key(key) is not None", ""),
            ("store/requests.py", "Request.insert(", "Request.replace("),
        ),
        ("node/test_strangers.py::test_a_text_behind_a_request_is_not_stored",),
    ),
    Weakness(
        "who asks again is stored again",
        (
            ("store/requests.py", " or by_key(key) is not None", ""),
            ("store/requests.py", "Request.insert(", "Request.replace("),
        ),
        ("node/test_strangers.py::test_one_request_for_each_key_and_fifty_in_all",),
    ),
    Weakness(
        "any number of requests is stored",
        (("store/requests.py", " or Request.select().count() >= limit", ""),),
        ("node/test_strangers.py::test_one_request_for_each_key_and_fifty_in_all",),
    ),
    Weakness(
        "who waits in the line of strangers is worked for without a rest",
        (("node/attention.py", "REST = 7.0", "REST = 0.0"),),
        ("node/test_attention.py::test_after_each_there_is_a_rest_of_so_many_times_what_it_took",),
    ),
    Weakness(
        "who has gone is worked for when their turn comes",
        (("node/connection.py", "if self._closed:", "if False:"),),
        ("node/test_attention.py::test_nothing_is_done_for_who_had_to_go_while_they_waited",),
    ),
    Weakness(
        "a contact stays in the line of strangers",
        (("node/peer.py", "        connection.attention = ALL_OF_IT", "        ALL_OF_IT"),),
        ("node/test_attention.py::test_a_contact_has_all_of_it_whoever_dialled",),
    ),
)
