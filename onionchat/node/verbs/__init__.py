"""What the program can do: one typed function for each verb, whoever asks for it.

The command line, JSON-RPC and later the terminal interface are skins over these
functions, so they cannot drift apart. `VERBS` is the table all of them read.
"""

from onionchat.node.verbs import (
    account,
    adding,
    backup,
    blocking,
    contacts,
    doctor,
    history,
    invites,
    lifetimes,
    messages,
    outbox,
    passphrase,
    reachable,
    requests,
    verification,
)
from onionchat.node.verbs.registry import VERBS, Verb

__all__ = [
    "VERBS",
    "Verb",
    "account",
    "adding",
    "backup",
    "blocking",
    "contacts",
    "doctor",
    "history",
    "invites",
    "lifetimes",
    "messages",
    "outbox",
    "passphrase",
    "reachable",
    "requests",
    "verification",
]
