"""Who takes the disk."""

from tests.mutants.claims.weakness import Weakness

PROFILE = (
    Weakness(
        "the database is not encrypted",
        (
            (
                "store/database.py",
                """    connection.execute(f"PRAGMA key = \\"x'{key.hex()}'\\"")\n""",
                "",
            ),
        ),
        (
            "store/test_opening.py::test_nothing_readable_is_on_the_disk",
            "store/test_opening.py::test_another_key_is_damage_and_changes_nothing",
        ),
    ),
    Weakness(
        "any passphrase opens what is sealed under one",
        (("crypto/vault.py", "argon.derive(passphrase)", 'argon.derive(b"")'),),
        ("crypto/test_backup.py::test_it_opens_with_its_passphrase_only",),
    ),
    Weakness(
        "the cost of a guess is not authenticated",
        (
            (
                "crypto/vault.py",
                'return LABEL + b"keyslot\\0" + head',
                'return LABEL + b"keyslot\\0"',
            ),
        ),
        ("crypto/test_vault.py::test_parameters_are_authenticated",),
    ),
    Weakness(
        "a keyslot of any cost is tried",
        (
            (
                "crypto/vault.py",
                "if not cost.allowed:\n            continue",
                "if False:\n            continue",
            ),
        ),
        ("crypto/test_vault.py::test_parameters_out_of_bounds_are_never_tried",),
    ),
    Weakness(
        "a keyslot is made at any cost",
        (("crypto/vault.py", "if not cost.allowed:\n        raise", "if False:\n        raise"),),
        ("crypto/test_vault.py::test_nothing_is_wrapped_below_the_floor",),
    ),
    Weakness(
        "a keyslot is not checked as a whole",
        (
            (
                "crypto/vault.py",
                "len(keyslot) != SIZE or _with_checksum(keyslot[:-CHECKSUM]) != keyslot",
                "False",
            ),
        ),
        ("crypto/test_vault.py::test_damage_anywhere_is_damage",),
    ),
    Weakness(
        "a backup is not checked as a whole",
        (
            (
                "crypto/backup.py",
                "size < BLOCK or size % BLOCK or hashlib.sha256(body).digest() != checksum",
                "size < -LARGEST or checksum == body",
            ),
        ),
        (
            "crypto/test_backup.py::test_a_flipped_byte_anywhere_is_damage",
            "crypto/test_backup.py::test_cut_short_anywhere_it_is_damaged",
        ),
    ),
    Weakness(
        "a backup has the ciphertext of what is on its way",
        (("store/backup.py", "*(_state(), outbox.record,", "*(_state(), outbox.wire,"),),
        ("node/test_backup_content.py::test_a_backup_holds_nothing_that_must_not_exist_twice",),
    ),
)

ERASING = (
    Weakness(
        "the database leaves deleted rows where they were",
        (("store/database.py", '"secure_delete": 1', '"secure_delete": 0'),),
        ("store/test_deleted.py::test_deleted_text_is_overwritten",),
    ),
    Weakness(
        "what was erased is left in the log",
        (
            (
                "store/database.py",
                "        await _finished(self._thread.submit(self._forget))\n",
                "",
            ),
        ),
        (
            "store/test_deleted.py::test_the_log_has_nothing_of_what_was_erased",
            "cli/test_memory.py::test_what_has_disappeared_is_nowhere",
        ),
    ),
    Weakness(
        "a cleared history is only counted",
        (
            (
                "store/messages.py",
                "Message.delete().where(gone).execute()",
                "Message.select().where(gone).count()",
            ),
        ),
        ("node/test_people.py::test_a_cleared_history_is_gone_and_copies_of_it_do_not_come_back",),
    ),
    Weakness(
        "a message that disappears goes by the clock on the wall",
        (("store/lifetimes.py", "Message.boot < argument(0)", "Message.boot <= argument(0)"),),
        ("node/test_lifetimes.py::test_a_wall_clock_that_is_set_changes_nothing",),
    ),
    Weakness(
        "after a reboot a message has its whole time once more",
        (
            (
                "store/lifetimes.py",
                "left = fn.min(Message.gone_at - argument(2), Message.disappears * 1000)",
                "left = Message.disappears * 1000 + 0 * argument(2)",
            ),
        ),
        ("node/test_lifetimes.py::test_a_reboot_gives_nobody_more_time",),
    ),
    Weakness(
        "what was to end while the machine slept goes on",
        (
            (
                "node/expiry.py",
                "return min(TICK, max(0.0, min(times) - uptime.now) / 1000)",
                "return max(0.0, min(times) - uptime.now) / 1000",
            ),
        ),
        (
            "node/test_lifetimes.py::test_sleep_counts",
            "node/test_expiry_clocks.py::test_sleep_counts",
        ),
    ),
    Weakness(
        "a profile is opened before what is over is erased",
        (
            (
                "node/profile.py",
                "        await lifetimes.erase(profile)  # before anybody can see it\n",
                "",
            ),
        ),
        ("node/test_lifetimes.py::test_what_opens_the_profile_next_erases_first",),
    ),
    Weakness(
        "a backup has what is to disappear",
        (
            (
                "store/backup.py",
                "row.conversation == conversation, row.disappears.is_null()",
                "row.conversation == conversation",
            ),
        ),
        ("node/test_lifetimes.py::test_what_is_to_disappear_is_in_no_backup",),
    ),
)

PANIC = (
    Weakness(
        "a panic begins with the rest of the profile",
        (
            (
                "store/panic.py",
                "    overwritten = _destroy(paths.keyslot)\n",
                "    _remove(paths)\n    overwritten = _destroy(paths.keyslot)\n",
            ),
        ),
        ("store/test_panic.py::test_killed_anywhere_it_leaves_a_whole_profile_or_none",),
    ),
    Weakness(
        "a panic removes the keyslot's name alone",
        (
            (
                "store/panic.py",
                "        os.pwrite(descriptor, os.urandom(os.fstat(descriptor).st_size), 0)\n",
                "",
            ),
        ),
        ("store/test_panic.py::test_its_bytes_are_overwritten_before_its_name_goes",),
    ),
    Weakness(
        "what the node wrote while it was killed stays",
        (("store/panic.py", "    overwritten &= _destroy(paths.keyslot)\n", ""),),
        ("store/test_panic.py::test_what_the_dying_node_wrote_last_goes_as_well",),
    ),
    Weakness(
        "a panic leaves the database",
        (("store/panic.py", "paths.database, *paths.database_aside, ", ""),),
        ("store/test_panic.py::test_nothing_is_left",),
    ),
)

IN_MEMORY = (
    Weakness(
        "a profile in memory stays when its node has gone",
        (
            (
                "store/ephemeral.py",
                "    finally:\n        _remove(paths)\n",
                "    finally:\n        pass\n",
            ),
        ),
        ("cli/test_ephemeral.py::test_nothing_of_it_is_on_the_disk_and_nothing_is_left",),
    ),
    Weakness(
        "what a killed node has left is the next one's profile",
        (
            (
                "store/ephemeral.py",
                "    _remove_what_a_killed_one_left(paths)\n",
                "    paths.make()\n",
            ),
        ),
        ("cli/test_ephemeral.py::test_what_a_killed_one_leaves_is_no_profile",),
    ),
    Weakness(
        "any place passes for one in memory",
        (("store/ephemeral.py", "if not in_memory(paths.run):", "if False:"),),
        ("cli/test_ephemeral.py::test_a_place_on_a_disk_is_refused",),
    ),
    Weakness(
        "a node that is locked is left to run on",
        (
            (
                "node/supervisor.py",
                "                await _end(node)\n                self._report({",
                "                self._report({",
            ),
            ("cli/lock.py", "not select.select([watch], [], [], LOCK_TIMEOUT)[0]", "False"),
        ),
        (
            "cli/test_lock.py::test_the_process_with_the_keys_has_gone_when_the_command_returns",
            "cli/test_lock.py::test_it_locks_itself_when_nobody_gives_a_command",
        ),
    ),
    Weakness(
        "who starts the nodes keeps the passphrase for the next one",
        (
            (
                "node/supervisor.py",
                "        self._start.forget()\n        self._unlocking = Unlocking(",
                "        self._unlocking = Unlocking(",
            ),
        ),
        (
            "cli/test_lock.py::test_nothing_is_left_of_the_passphrase_where_a_crashed_node_would_get_it",
        ),
    ),
    Weakness(
        "the supervisor has a copy of the passphrase",
        (
            ("secret_line.py", "LONGEST = 4096\n", "LONGEST = 4096\nCOPIES = []\n"),
            (
                "secret_line.py",
                "            keep(self.content)\n",
                "            keep(self.content)\n            COPIES.append(bytes(self.content))\n",
            ),
        ),
        (
            "cli/test_memory.py::test_the_supervisor_never_keeps_the_passphrase",
            "cli/test_memory.py::test_one_that_waits_for_it_does_not_keep_it_either",
        ),
    ),
)

STOLEN = (
    Weakness(
        "the key of a message is kept when it was opened",
        (
            (
                "crypto/ratchet.py",
                "evict(skipped, new, chain.hk) if new else ((), ())",
                "evict(skipped, [*new, (chain.hk, header.n, mk)], chain.hk)",
            ),
        ),
        ("crypto/test_ratchet.py::test_a_stolen_state_opens_nothing_from_before",),
    ),
    Weakness(
        "a step of the ratchet brings in nothing new",
        (
            (
                "crypto/ratchet.py",
                "own = _new_keys(rand)\n        rk, nhks",
                "own = root.own\n        rk, nhks",
            ),
            ("crypto/ratchet_step.py", "own.mlkem.decapsulate(header.ct)", 'b""'),
            (
                "crypto/ratchet_step.py",
                "ct, shared = kem.encapsulate(peer_ek)",
                'ct, shared = bytes(kem.CIPHERTEXT), b""',
            ),
        ),
        ("crypto/test_ratchet.py::test_a_stolen_state_is_worthless_after_one_answer_each_way",),
    ),
)

WEAKNESSES = (*PROFILE, *ERASING, *PANIC, *IN_MEMORY, *STOLEN)

CONTROLS = (
    # each plants its weakness itself, or shows that the same look finds what is there
    "cli/test_memory.py::test_a_supervisor_that_wipes_nothing_is_found_out",
    "cli/test_memory.py::test_an_allocator_that_forgets_nothing_is_found_out",
    "cli/test_memory.py::test_what_waits_is_on_the_disk",
)
