"""A contact: what they make the node do, whom they pass for, where they send it."""

from tests.mutants.claims.weakness import Weakness

_LIMITS, _SESSIONS = "crypto/test_ratchet_limits.py", "node/test_sessions.py"
_HOSTILE = "node/test_hostile_contact.py"
_ROLLBACK, _NAMED = "node/test_rollback.py", "node/test_named_places.py"
_MIX, _ES = "self._transcript.mix_key", 'b"es"'
_SHOWN_AGAIN = (
    ("node/inbox.py", "known = messages.known(contact.id, list(self._shown))", "known = set()"),
    ("store/migrations.py", "CREATE UNIQUE INDEX message_by", "CREATE INDEX message_by"),
)

WEAKNESSES = (
    Weakness(
        "a pong leaves at once",
        (
            (
                "node/talk.py",
                "self._reply(Pong(data))",
                "await self.connection.send(Pong(data))",
            ),
        ),
        ("node/test_answers.py::test_a_pong_waits_as_a_receipt_does",),
    ),
    Weakness(
        "a receipt leaves at once",
        (
            (
                "node/talk.py",
                "            self._receipts_at = _in_a_moment(self._receipts_at)\n",
                "            self._receipts_at = asyncio.get_running_loop().time()\n",
            ),
        ),
        ("node/test_answers.py::test_a_receipt_waits",),
    ),
    Weakness(
        "a receipt that is repeated leaves at once",
        (
            (
                "node/talk.py",
                "self._reply(*map(Envelope, found.repeat))",
                "await self.connection.send(*map(Envelope, found.repeat))",
            ),
        ),
        ("node/test_answers.py::test_a_receipt_that_is_repeated_waits_too",),
    ),
    Weakness(
        "every answer waits as long as any other",
        (("node/talk.py", "_random.uniform(*RECEIPT_DELAY_SECONDS)", "RECEIPT_DELAY_SECONDS[0]"),),
        ("node/test_answers.py::test_chance_gives_the_moment",),
    ),
    Weakness(
        "the keys of a session depend on nobody",
        (
            (
                "crypto/transcript.py",
                'kdf.expand(self._chain, kdf.LABEL + b"session\\0" + self._hash, 128)',
                'kdf.expand(bytes(32), b"session", 128)',
            ),
            (
                "crypto/ratchet_step.py",
                'kdf.derive(rk, secret, kdf.LABEL + b"rk\\0" + context, 96)',
                'kdf.derive(bytes(32), b"", b"rk", 96)',
            ),
        ),
        (
            "crypto/test_ratchet_refusals.py::test_another_session_is_not_mine",
            "crypto/test_handshake.py::test_no_two_handshakes_share_a_key",
        ),
    ),
    Weakness(
        "a key that was kept for a late message is not deleted when it has come",
        (("crypto/ratchet.py", "envelope.digest, dropped=(which,))", "envelope.digest)"),),
        ("crypto/test_ratchet.py::test_any_order_opens_each_once",),
    ),
    Weakness(
        "no keys are kept for messages that come late",
        (("crypto/ratchet_chain.py", "self.keys_digest), stored", "self.keys_digest), []"),),
        ("crypto/test_ratchet.py::test_any_order_opens_each_once",),
    ),
    Weakness(
        "a message that is here already is shown again",
        _SHOWN_AGAIN,
        (f"{_SESSIONS}::test_what_an_old_copy_of_a_disk_sends_again_is_shown_once",),
    ),
    Weakness(
        "no message key is ever forgotten, and no envelope remembered",
        (
            *_SHOWN_AGAIN,
            ("node/inbox.py", "if digest in known:", "if False:"),
            (
                "crypto/ratchet.py",
                "evict(skipped, new, chain.hk) if new else ((), ())",
                "(*new, (chain.hk, header.n, mk)), ()",
            ),
            (
                "crypto/ratchet.py",
                "evict(skipped, rest + ahead, chain.hk)",
                "(*rest, *ahead, (chain.hk, header.n, mk)), ()",
            ),
            ("crypto/ratchet.py", "envelope.digest, dropped=(which,))", "envelope.digest)"),
        ),
        (f"{_HOSTILE}::test_old_envelopes_again_and_again_are_shown_once",),
    ),
    Weakness(
        "whoever uses an ID first has it, whoever they are",
        (
            (
                "store/messages.py",
                "Message.author == argument(0), Message.message_id",
                "Message.message_id",
            ),
        ),
        (f"{_HOSTILE}::test_an_id_that_somebody_else_has_used_takes_no_place",),
    ),
    Weakness(
        "an envelope is opened with the keys of whoever it is from",
        (
            (
                "store/sessions.py",
                '.where(Session.device == argument(0), Session.status != "broken")',
                '.where(argument(0) == argument(0), Session.status != "broken")',
            ),
        ),
        (f"{_HOSTILE}::test_what_one_contact_wrote_is_nothing_when_another_brings_it",),
    ),
    Weakness(
        "a jump may be as long as they like",
        (("crypto/ratchet.py", "if until - chain.n > LARGEST_JUMP:", "if False:"),),
        (f"{_LIMITS}::test_the_largest_jump_is_allowed_and_one_more_is_not",),
    ),
    Weakness(
        "any number of keys is stored",
        (("crypto/skipped_keys.py", "count >= STORED_KEYS or ", ""),),
        (f"{_LIMITS}::test_beyond_a_thousand_keys_the_oldest_go",),
    ),
    Weakness(
        "any number of header keys is tried",
        (("crypto/skipped_keys.py", " or len(past) > PAST_HEADER_KEYS", ""),),
        (f"{_LIMITS}::test_past_header_keys_are_limited_and_the_oldest_goes",),
    ),
    Weakness(
        "a chain goes on for ever",
        (("crypto/ratchet_state.py", " and self.sending.n < LONGEST_CHAIN", ""),),
        (f"{_LIMITS}::test_a_chain_has_an_end",),
    ),
    Weakness(
        "every session that was is kept",
        (
            (
                "node/greeting.py",
                "    sessions.keep_receive_only(contact.device, RETIRED_SESSIONS)\n",
                "",
            ),
        ),
        (f"{_HOSTILE}::test_sessions_that_never_were_start_new_ones_and_stay_few",),
    ),
    Weakness(
        "every place that is named is kept",
        (("store/endpoints.py", "        .limit(ENDPOINTS)\n", ""),),
        ("store/test_endpoints.py::test_a_few_places_are_kept_however_many_are_named",),
    ),
    Weakness(
        "any number of answers waits for a contact who does not read",
        (("node/talk.py", "if len(self._replies) > REPLIES:", "if False:"),),
        ("node/test_answers.py::test_who_asks_for_more_answers_than_may_wait_is_hung_up_on",),
    ),
    Weakness(
        "a record that breaks the rules is not remembered",
        (
            (
                "node/inbox.py",
                "            self._found.violation = str(error)\n            return None\n",
                "            raise error\n",
            ),
        ),
        (f"{_SESSIONS}::test_a_record_that_breaks_the_rules_comes_once_and_blocks_nothing",),
    ),
    Weakness(
        "a session in which somebody has jumped too far stays in use",
        (
            (
                "node/inbox.py",
                '                set_aside(refused.sid, "broken")\n',
                "                pass\n",
            ),
        ),
        (f"{_SESSIONS}::test_a_jump_too_far_breaks_the_session_and_a_new_one_carries_on",),
    ),
    Weakness(
        "nobody is told of a clone",
        (("node/inbox.py", "            self._note(CLONE_ALARM)\n", "            pass\n"),),
        (f"{_ROLLBACK}::test_a_clone_that_sends_is_told_to_the_person",),
    ),
    Weakness(
        "an old copy is noticed by nobody",
        (
            (
                "protocol/session_choice.py",
                "    return other.rcvd > one.sent\n",
                "    return False\n",
            ),
        ),
        (f"{_ROLLBACK}::test_an_old_copy_of_a_disk_is_noticed_on_both_sides_and_loses_nothing",),
    ),
    Weakness(
        "what is written to somebody who is held back leaves",
        (
            (
                "node/outbox.py",
                'if contact.state != "contact" or contact.held:',
                'if contact.state != "contact":',
            ),
        ),
        (f"{_ROLLBACK}::test_a_verified_contact_without_a_common_session_is_held_back",),
    ),
    Weakness(
        "whoever has lost every session is verified as before",
        (
            (
                "store/contacts.py",
                "Contact.update(verified=False, held=True)",
                "Contact.update(held=True)",
            ),
        ),
        (f"{_ROLLBACK}::test_a_verified_contact_without_a_common_session_is_held_back",),
    ),
    Weakness(
        "whoever is held back can be written to",
        (("node/verbs/messages.py", "    if contact.held:\n", "    if False:\n"),),
        ("node/test_people.py::test_what_was_held_back_leaves_when_they_are_verified_again",),
    ),
    Weakness(
        "what no onion can be is noted as a place",
        (("node/inbox.py", "return is_valid_key(record.onion) and key", "return key"),),
        (f"{_NAMED}::test_what_is_no_place_is_not_noted_and_the_talk_goes_on",),
    ),
    Weakness(
        "one of our own onions is noted as a contact's place",
        (("node/inbox.py", " and not is_ours(record.onion)", ""),),
        (f"{_NAMED}::test_what_is_no_place_is_not_noted_and_the_talk_goes_on",),
    ),
    Weakness(
        "a place is noted with a key that tor does not take",
        (("node/inbox.py", " and key != bytes(32)", ""),),
        (f"{_NAMED}::test_what_is_no_place_is_not_noted_and_the_talk_goes_on",),
    ),
    Weakness(
        "who moves is followed at once, however often",
        (("store/endpoints.py", "return due - (MOVES - 1) * MOVE_EVERY", "return now"),),
        ("store/test_endpoints.py::test_who_moves_and_moves_is_followed_slowly",),
    ),
    Weakness(
        "whoever is dialled need not be who was meant",
        (
            (
                "crypto/handshake.py",
                f"        {_MIX}(exchange(self._ephemeral, image(self._peer)), {_ES})\n",
                "",
            ),
            (
                "crypto/handshake.py",
                f"        {_MIX}(exchange(self._me.x25519(), peer_ephemeral), {_ES})\n",
                "",
            ),
        ),
        ("crypto/test_handshake.py::test_who_answers_for_somebody_else_is_not_believed",),
    ),
    Weakness(
        "who asks is called what they write",
        (
            (
                "node/verbs/requests.py",
                'params.name or f"anon-{row.number}"',
                "params.name or row.text",
            ),
        ),
        ("node/test_requests.py::test_the_name_of_who_is_accepted",),
    ),
    Weakness(
        "contacts may have names that look the same",
        (
            (
                "node/verbs/contacts.py",
                "if other is not None and other.id != but_for:",
                "if other is not None and other.name == name:",
            ),
            (
                "store/migrations.py",
                "skeleton TEXT NOT NULL UNIQUE, key",
                "skeleton TEXT NOT NULL, key",
            ),
        ),
        ("node/test_people.py::test_a_name_that_looks_like_somebody_elses_is_refused",),
    ),
)
