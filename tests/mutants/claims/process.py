"""Who takes over the node's process."""

from tests.mutants.claims.weakness import Weakness

SECCOMP, LANDLOCK, VIEW = (
    f"sandbox/test_{layer}.py::" for layer in ("seccomp", "landlock", "namespaces")
)
RUNS = "cli/test_given_up.py::test_a_node_that_runs_has_no_network_no_program_and_no_file_of_others"
OFFLINE = (
    "cli/test_without_a_node.py::test_who_opens_the_profile_has_no_network_and_no_program_any_more"
)
STRICT = "node/test_confinement.py::test_strict_names_the_layer_and_the_next_step"
MISSING = "sandbox/test_layers.py::test_one_that_is_not_there_is_told_and_the_others_hold"

WEAKNESSES = (
    Weakness(
        "the node gives up nothing",
        (("service.py", "layers = seal(confinement.reach(options))", "layers = ()"),),
        (RUNS,),
    ),
    Weakness(
        "a command that opens the profile gives up nothing",
        (("service.py", "    seal_calls()\n", ""),),
        (OFFLINE,),
    ),
    Weakness(
        "every socket may be made",
        (("sandbox/seccomp.py", '        *_if("socket", _family(tcp=tcp)),\n', ""),),
        (f"{SECCOMP}test_no_socket_but_unix_ones", RUNS),
    ),
    Weakness(
        "the network is everybody's",
        (("sandbox/namespaces.py", "_USER | _NETWORK | _MOUNTS)", "_USER | _MOUNTS)"),),
        (f"{VIEW}test_there_is_no_network",),
    ),
    Weakness(
        "programs may be started",
        (("sandbox/seccomp.py", '("execve", "execveat", "fork", "vfork")', '("vfork",)'),),
        (f"{SECCOMP}test_no_other_program_and_no_look_into_one", RUNS),
    ),
    Weakness(
        "other processes may be looked into",
        (("sandbox/seccomp.py", '("ptrace", "process_vm_readv", ', "("),),
        (f"{SECCOMP}test_no_other_program_and_no_look_into_one",),
    ),
    Weakness(
        "io_uring, which makes sockets by itself, is allowed",
        (
            (
                "sandbox/seccomp.py",
                '    *("io_uring_setup", "io_uring_enter", "io_uring_register"),\n',
                "",
            ),
        ),
        (f"{SECCOMP}test_each_call_that_is_named_is_refused",),
    ),
    Weakness(
        "everybody may be signalled",
        (("sandbox/landlock.py", "scopes = 0b11 if", "scopes = 0b01 if"),),
        (f"{LANDLOCK}test_nobody_else_is_signalled",),
    ),
    Weakness(
        "abstract sockets may be spoken to",
        (("sandbox/landlock.py", "scopes = 0b11 if", "scopes = 0b10 if"),),
        (f"{LANDLOCK}test_no_abstract_socket_of_others",),
    ),
    Weakness(
        "tor may start programs",
        (("tor/torrc.py", 'lines.append("NoExec 1")', 'lines.append("NoExec 0")'),),
        (
            "tor/test_torrc.py::test_tor_may_start_no_program_unless_a_transport_needs_one",
            "live/test_tors.py::test_who_steers_our_tor_cannot_have_it_start_a_program",
        ),
    ),
    Weakness(
        "tor reads a file that the node may write",
        (("tor/process.py", '"-f", "-"),', '"-f", directory / "torrc"),'),),
        ("tor/test_process.py::test_nobody_can_change_what_it_was_told",),
    ),
    Weakness(
        "tor reads its configuration again when it is asked to",
        (("tor/process.py", '_ONCE = "__ReloadTorrcOnSIGHUP 0\\n"', '_ONCE = ""'),),
        ("tor/test_process.py::test_nobody_can_change_what_it_was_told",),
    ),
    Weakness(
        "every file may be read",
        (
            (
                "sandbox/landlock.py",
                'for path in (Path("/"),) if reach.read is None else reach.read:',
                'for path in (Path("/"),):',
            ),
        ),
        (f"{LANDLOCK}test_no_file_of_others",),
    ),
    Weakness(
        "every file may be written",
        (
            (
                "sandbox/landlock.py",
                "        for path in reach.write:\n",
                (
                    "        _allow(rules, Path('/'), _CHANGE & ~_READ & files)\n"
                    "        for path in reach.write:\n"
                ),
            ),
        ),
        (f"{LANDLOCK}test_no_file_of_others",),
    ),
    Weakness(
        "the view is that of everybody",
        (("sandbox/namespaces.py", "    _settle(reach.write[0], trees)\n", ""),),
        (
            f"{VIEW}test_other_files_are_not_even_there",
            f"{VIEW}test_the_socket_of_another_program_is_not_there",
        ),
    ),
    Weakness(
        "what is there to be read can be written",
        (("sandbox/namespaces.py", "            if read_only:\n", "            if not path:\n"),),
        (f"{VIEW}test_what_is_read_cannot_be_written",),
    ),
    Weakness(
        "the filter is made and not installed",
        (
            (
                "sandbox/seccomp.py",
                '    syscalls.call("prctl", _PR_SET_SECCOMP, _FILTER, program)',
                "    assert program",
            ),
        ),
        (f"{SECCOMP}test_it_cannot_be_undone",),
    ),
    Weakness(
        "rules are made for files and not put into force",
        (
            (
                "sandbox/landlock.py",
                '        call("landlock_restrict_self", rules, 0)\n',
                "        assert rules\n",
            ),
        ),
        (f"{LANDLOCK}test_other_rules_give_nothing_back", f"{LANDLOCK}test_no_file_of_others"),
    ),
    Weakness(
        "who has a view of their own has every privilege in it",
        (
            (
                "sandbox/namespaces.py",
                "    _settle(reach.write[0], trees)\n    drop_privileges()\n",
                "    _settle(reach.write[0], trees)\n",
            ),
        ),
        (f"{VIEW}test_it_is_the_same_user_without_any_privilege",),
    ),
    Weakness(
        "a layer that is missing is told to be there",
        (
            (
                "sandbox/layers.py",
                (
                    '        return Layer(good.name, "missing",'
                    ' f"{why_not} ({error.strerror})", _MORE)\n'
                ),
                "        return good if error else good\n",
            ),
        ),
        (MISSING,),
    ),
    Weakness(
        "where one layer is missing there is none",
        (
            (
                "sandbox/layers.py",
                "    _active = (_view(reach), _files(reach), _calls(reach))\n",
                (
                    "    view = _view(reach)\n"
                    '    _active = (view,) * 3 if view.state == "missing" else (\n'
                    "        view, _files(reach), _calls(reach)\n    )\n"
                ),
            ),
        ),
        (MISSING,),
    ),
    Weakness(
        "with --strict it runs where a layer is weaker",
        (("node/confinement.py", 'layer.state != "active"', 'layer.state == "missing"'),),
        (STRICT,),
    ),
    Weakness(
        "nobody asks whether --strict can be had",
        (
            (
                "node/confinement.py",
                "        demand(tried(reach(options)))\n",
                "        tried(reach(options))\n",
            ),
        ),
        ("node/test_confinement.py::test_strict_is_asked_before_anything_else_is",),
    ),
)
