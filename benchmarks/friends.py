"""Two people with running nodes who have accepted each other, and how to listen to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onionchat.paths import locate
from onionchat.rpc.client import Client
from tests.live.person import Person

PATIENCE = 120
"""Seconds for an event; a run that hangs must end."""


@contextmanager
def friends(home: Path, client_torrc: Path) -> Iterator[tuple[Person, Person]]:
    """Alice and Bob; their nodes end with the block."""
    with (
        Person("alice", home / "a", client_torrc) as alice,
        Person("bob", home / "b", client_torrc) as bob,
    ):
        alice.init()
        address = bob.init()
        bob.start()
        alice.start()
        with client(bob) as watching:
            watching.call("subscribe", since=None)
            alice.one("contact", "add", "bob", address)
            number = next_event(watching, "request.received")["number"]
            bob.one("request", "accept", str(number), "--name", "alice")
        alice.one("send", "bob", "--wait", "delivered", stdin="first")
        yield alice, bob


@contextmanager
def client(person: Person) -> Iterator[Client]:
    path = locate(person.home, "default", {}).rpc_socket
    with Client.connect(path) as connected:
        yield connected


def next_event(subscriber: Client, method: str) -> dict[str, Any]:
    """The parameters of the next event of this kind; others are passed over."""
    while (event := subscriber.notification(PATIENCE))["method"] != method:
        pass
    params: dict[str, Any] = event["params"]
    return params
