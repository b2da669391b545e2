"""Who watches the network at one end."""

from tests.mutants.claims.weakness import Weakness

TALK = "live/test_transcripts.py::test_people_talk_over_unix_sockets_alone"

WEAKNESSES = (
    Weakness(
        "what is held back leaves on a connection that there is",
        (
            (
                "store/outbox.py",
                "        .where(Outbox.not_before.is_null())\n        .limit(at_most(1))\n",
                "        .limit(at_most(1))\n",
            ),
        ),
        ("node/test_delay.py::test_it_leaves_at_its_moment_and_not_before",),
    ),
    Weakness(
        "whoever is to hear something later is dialled when it is queued",
        (("node/verbs/messages.py", "    if moment is None:  #", "    if contact.id:  #"),),
        ("node/test_delay.py::test_nobody_is_dialled_for_what_leaves_later",),
    ),
    Weakness(
        "whoever is to hear something later is dialled when the node comes up",
        (
            (
                "store/outbox.py",
                ".where(Outbox.state.in_(OPEN), SHOWN, Outbox.not_before.is_null())\n",
                ".where(Outbox.state.in_(OPEN), SHOWN)\n",
            ),
        ),
        ("node/test_delay.py::test_nobody_is_dialled_for_what_leaves_later",),
    ),
    Weakness(
        "it leaves at the beginning of the range",
        (
            (
                "node/verbs/messages.py",
                "_random.uniform(*sorted(params.delay))",
                "min(params.delay)",
            ),
        ),
        ("node/test_delay.py::test_the_moment_is_anywhere_in_the_range",),
    ),
    Weakness(
        "the node asks where an onion is",
        (
            (
                "tor/client.py",
                "        await authorisation.tell(self._control, place)\n        host =",
                (
                    "        with suppress(OSError):\n"
                    "            __import__('socket').getaddrinfo(service_id(place.onion), 80)\n"
                    "        await authorisation.tell(self._control, place)\n        host ="
                ),
            ),
        ),
        (TALK,),
    ),
    Weakness(
        "a command makes a socket that is no unix socket",
        (
            (
                "cli/contact.py",
                "    place, word = _place(",
                "    __import__('socket').socket().close()\n    place, word = _place(",
            ),
        ),
        (TALK,),
    ),
    Weakness(
        "the name of a place is looked up",
        (
            (
                "tor/address.py",
                '    host = "127.0.0.1" if host in ("", "localhost") else host\n',
                "    host = __import__('socket').gethostbyname(host or 'localhost')\n",
            ),
        ),
        ("tor/test_address.py::test_no_name_is_ever_looked_up",),
    ),
    Weakness(
        "the name of who is dialled is looked up before tor hears it",
        (
            (
                "tor/socks.py",
                "    try:\n        link = await connect(socks)\n",
                (
                    "    try:\n        __import__('socket').gethostbyname(host)\n"
                    "    except OSError:\n        pass\n"
                    "    try:\n        link = await connect(socks)\n"
                ),
            ),
        ),
        ("tor/test_socks.py::test_the_name_is_given_to_tor_and_to_nobody_else",),
    ),
    Weakness(
        "tor listens at a port",
        (
            (
                "tor/torrc.py",
                'f"SocksPort unix:{_quoted(places.socks)} {SOCKS_FLAGS}"',
                'f"SocksPort 9050 {SOCKS_FLAGS}"',
            ),
        ),
        ("tor/test_torrc.py::test_unix_sockets_alone_and_the_flags_that_dialling_needs",),
    ),
)
