"""Another user of the same machine, and another program under your own user."""

from tests.mutants.claims.weakness import Weakness

SECOND = "cli/test_second_user.py::test_another_user_gets"

CHECKED = ("paths.py", "    if found.st_mode & 0o077:\n", "    if found.st_mode & 0o002:\n")
"""A profile that others can read is refused: with that rule nothing would run at all."""
LISTENS = ("own_socket.py", "umask = os.umask(0o077)", "umask = os.umask(0)")
EVERYBODYS = ("own_socket.py", "path.chmod(0o600)", "path.chmod(0o666)")
ANYBODY = ("rpc/server.py", "if not peer(sock).ours:", "if peer(sock).pid < 0:")

WEAKNESSES = (
    Weakness(
        "directories are made for everybody to enter",
        (("paths.py", "    before = os.umask(0o077)\n", "    before = os.umask(0o022)\n"), CHECKED),
        (
            f"{SECOND}_no_file",
            "test_paths.py::test_directories_are_ours_alone_whatever_the_umask",
        ),
    ),
    Weakness(
        "the keyslot is for everybody to read",
        (
            (
                "store/whole_file.py",
                "os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)",
                "os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)",
            ),
            ("store/whole_file.py", "    if mode & 0o077:\n", "    if mode & 0o002:\n"),
            CHECKED,
        ),
        (f"{SECOND}_no_file",),
    ),
    Weakness(
        "the node answers whoever has reached its socket",
        (ANYBODY,),
        (
            f"{SECOND}_no_answer_from_a_socket",
            "rpc/test_server.py::test_another_user_gets_no_answer",
        ),
    ),
    Weakness(
        "whoever has reached the socket of `up --wait-unlock` may bring a passphrase",
        (("cli/locked.py", "return peer(sock).ours and _brought(", "return _brought("),),
        ("cli/test_locked.py::test_another_user_is_not_listened_to",),
    ),
    Weakness(
        "whoever has reached the socket of a node that is locked may bring a passphrase",
        (("node/unlocking.py", "if peer(sock).ours and await _fill(", "if await _fill("),),
        ("cli/test_lock.py::test_nobody_elses_passphrase_is_taken",),
    ),
    Weakness(
        "whoever listens where the node should is told everything",
        (("rpc/client.py", "    if not listener.ours:\n", "    if listener.pid < 0:\n"),),
        ("cli/test_edges_streams.py::test_nothing_is_said_to_another_users_socket",),
    ),
    Weakness(
        "everybody may reach the node's socket",
        (LISTENS, EVERYBODYS),
        ("rpc/test_server.py::test_the_socket_is_ours_alone_and_goes_with_the_server",),
    ),
    Weakness(
        "everybody may reach the socket to which tor delivers",
        (("tor/listener.py", "umask = os.umask(0o177)", "umask = os.umask(0)"),),
        ("tor/test_listener.py::test_nobody_else_may_touch_the_socket",),
    ),
    Weakness(
        "the node is told the passphrase as an argument",
        (
            (
                "node/supervisor.py",
                "            *(str(descriptor) for descriptor in descriptors),\n",
                (
                    "            *(str(descriptor) for descriptor in descriptors),\n"
                    "            self._start.passphrase(),\n"
                ),
            ),
        ),
        (
            f"{SECOND}_nothing_of_the_processes",
            "cli/test_secrets.py::test_no_process_of_a_node_shows_its_passphrase",
        ),
    ),
    Weakness(
        "the node is told the passphrase in its environment",
        (
            (
                "node/supervisor.py",
                "env=forgetful(os.environ)",
                'env={**forgetful(os.environ), "PASSPHRASE": self._start.passphrase().decode()}',
            ),
        ),
        ("cli/test_secrets.py::test_no_process_of_a_node_shows_its_passphrase",),
    ),
    Weakness(
        "the node says to whom it sends",
        (
            (
                "node/verbs/messages.py",
                "    _check_text(params)\n    message_id",
                (
                    '    print("send to", params.name, file=__import__("sys").stderr, flush=True)\n'
                    "    _check_text(params)\n    message_id"
                ),
            ),
        ),
        ("cli/test_canary.py::test_no_log_and_no_file_has_a_canary",),
    ),
    Weakness(
        "the last text is kept in a file",
        (
            (
                "cli/send.py",
                "    try:\n        row = ask(\n",
                (
                    '    (invocation.paths().root / "last").write_text(message["text"])\n'
                    "    try:\n        row = ask(\n"
                ),
            ),
        ),
        (
            "cli/test_canary.py::test_no_log_and_no_file_has_a_canary",
            "cli/test_secrets.py::test_a_text_from_stdin_is_nowhere_but_in_the_database",
        ),
    ),
    Weakness(
        "a text that was read goes on as an argument",
        (
            (
                "cli/send.py",
                "    try:\n        row = ask(\n",
                (
                    "    if text is None:\n"
                    "        import os, sys\n"
                    '        again = [sys.executable, "-m", "onionchat", "send", name]\n'
                    '        again += [message["text"], "--wait", "sent"]\n'
                    "        os.execv(sys.executable, again)\n"
                    "    try:\n        row = ask(\n"
                ),
            ),
        ),
        ("cli/test_secrets.py::test_a_text_from_stdin_is_nowhere_but_in_the_database",),
    ),
    Weakness(
        "the supervisor opens the profile, too",
        (
            (
                "node/supervisor.py",
                "        self._lock = lock\n",
                (
                    "        self._lock = lock\n"
                    "        from onionchat.crypto import vault\n"
                    "        from onionchat.store import keyslot\n"
                    "        slots = keyslot.read(options.paths.keyslot)\n"
                    "        self._key = vault.unlock(slots, start.passphrase())\n"
                ),
            ),
        ),
        ("cli/test_canary.py::test_the_supervisor_knows_nobody_and_no_key",),
    ),
    Weakness(
        "a program that others can write is run",
        (("tor/find.py", "        if others or group or found", "        if group or found"),),
        (
            "tor/test_torrc.py::test_files_that_others_can_write_are_refused",
            "tor/test_find.py::test_one_that_others_can_replace_is_never_run",
        ),
    ),
    Weakness(
        "a file that others can write is tor's configuration",
        (("tor/torrc.py", "_no_pattern(trusted(include))", "_no_pattern(include)"),),
        ("tor/test_torrc.py::test_files_that_others_can_write_are_refused",),
    ),
    Weakness(
        "a program that others can write is a transport",
        (("tor/bridges.py", "Plugin(name, trusted(Path(path)))", "Plugin(name, Path(path))"),),
        ("tor/test_torrc.py::test_files_that_others_can_write_are_refused",),
    ),
    Weakness(
        "a program is run from where others can put another one",
        (("tor/find.py", "for place in (file, file.parent):", "for place in (file,):"),),
        ("tor/test_find.py::test_one_that_others_can_replace_is_never_run",),
    ),
    Weakness(
        "a program of another user is run",
        (("tor/find.py", " or found.st_uid not in (0, os.getuid()):", ":"),),
        ("tor/test_find.py::test_one_that_others_can_replace_is_never_run",),
    ),
    Weakness(
        "a crash leaves a core",
        (("hardening.py", "    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n", ""),),
        ("test_hardening.py::test_it_leaves_no_core",),
    ),
    Weakness(
        "the node is not hardened",
        (
            (
                "service.py",
                "    harden()\n    say = _Reporter(report)\n",
                "    say = _Reporter(report)\n",
            ),
        ),
        ("cli/test_given_up.py::test_the_processes_of_a_node_are_hardened",),
    ),
    Weakness(
        "the supervisor is not hardened",
        (
            (
                "node/supervisor.py",
                "    harden()\n    paths = start.options.paths\n",
                "    paths = start.options.paths\n",
            ),
            (
                "node/supervisor.py",
                "    harden()\n    options.paths.make()\n",
                "    options.paths.make()\n",
            ),
        ),
        ("cli/test_given_up.py::test_the_processes_of_a_node_are_hardened",),
    ),
    Weakness(
        "an exception says what it was about",
        (("hardening.py", "    sys.excepthook = lambda _, error, __: _tell(error)\n", ""),),
        ("test_hardening.py::test_its_last_word_says_where_and_not_what",),
    ),
    Weakness(
        "a traceback shows local variables",
        (
            (
                "cli/main.py",
                "        trace = traceback.format_exc().rstrip()\n",
                (
                    "        told = traceback.TracebackException(\n"
                    "            *sys.exc_info(), capture_locals=True\n"
                    "        )\n"
                    '        trace = "".join(told.format()).rstrip()\n'
                ),
            ),
        ),
        ("cli/test_main.py::test_debug_shows_a_traceback_without_local_variables",),
    ),
    Weakness(
        "another program of the same user may read the node's memory",
        (("hardening.py", "    prctl(PR_SET_DUMPABLE, 0)\n", ""),),
        ("test_hardening.py::test_its_memory_is_nobody_elses",),
    ),
)

CONTROLS = ("cli/test_canary.py::test_a_line_that_somebody_forgot_is_found",)
"""Itself a weakness, in which the instrument of the canaries finds a line that prints a name."""
