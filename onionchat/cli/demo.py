"""`demo`: two people, a private Tor network, and the real command line; leaves nothing.

Everything is what it looks like: tor processes on loopback, two nodes with keys of their
own, messages through onion services. One of the nodes is killed in the middle, and what
was sent to it meanwhile arrives when it is back.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import click

from onionchat.cli.actor import Actor, Process
from onionchat.cli.invocation import Invocation
from onionchat.cli.new_passphrase import generated
from onionchat.cli.options import Command
from onionchat.cli.render import line

Step = tuple[str, str]


@click.command("demo", cls=Command, examples=("onionchat demo      takes about a minute",))
@click.pass_obj
def demo(invocation: Invocation) -> None:
    """See two people talk, on this machine only; nothing stays behind."""

    def show(step: str, detail: str) -> None:
        invocation.out.row({"step": step, "detail": detail}, f"{step:9} {line(detail)}")

    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="onionchat-demo-")))
        for step, detail in conversation(stack, home):
            show(step, detail)
    show("done", "both nodes and the network are stopped, their files removed")


def conversation(stack: ExitStack, home: Path) -> Iterator[Step]:
    """Play it; yields each step when it has happened. The stack stops what was started."""
    yield "network", "starting a private Tor network on this machine"
    network = Process(["testnet", "up", "--dir", str(home / "net")], home)
    stack.callback(network.stop)
    net = network.row()
    yield "network", f"ready: {len(net['nodes'])} tor processes"

    alice, bob = (Actor(name, home, generated()) for name in ("alice", "bob"))
    for person in (alice, bob):
        stack.callback(person.stop)
        yield "init", f"{person.name} has the address {person.init()}"
    for person in (alice, bob):
        person.up(net["client_torrc"])
    for person in (alice, bob):
        person.ready()
        yield "up", f"{person.name} can be reached"

    yield from _meet(alice, bob)
    yield from _talk(alice, bob, "hello bob, this is alice")
    yield from _talk(bob, alice, "hello alice, I can read you")
    yield from _survive(alice, bob, net["client_torrc"])
    for person in (alice, bob):
        (*_, last) = person("history", _other(person, alice, bob).name)
        yield "history", f"{person.name}'s last line: {last['text']} ({last['state']})"


def _meet(alice: Actor, bob: Actor) -> Iterator[Step]:
    (me,) = alice("id")
    bob("contact", "add", "alice", me["address"], "-m", "Bob, from the demo")
    yield "request", "bob asks alice to become his contact"
    alice.event("request.received")
    (asked,) = alice("request", "list")
    yield "request", f"alice reads: {asked['text']}"
    alice("request", "accept", str(asked["number"]), "--name", "bob")
    yield "request", "alice accepts, and calls him bob"


def _talk(sender: Actor, reader: Actor, text: str) -> Iterator[Step]:
    sender("send", reader.name, "--wait", "delivered", "--timeout", "90", stdin=text)
    (row,) = reader("receive", "--timeout", "30", "--limit", "1")
    yield "message", f"{sender.name} to {reader.name}: {row['text']}"


def _survive(alice: Actor, bob: Actor, client_torrc: str) -> Iterator[Step]:
    """What is sent to a node that was killed arrives when it is back, once."""
    bob.kill()
    yield "killed", "bob's node is gone, as if the power had failed"
    text = "are you still there?"
    (row,) = alice("send", "bob", stdin=text)
    yield row["state"], f"alice to bob: {text}"
    bob.up(client_torrc)
    bob.ready()
    yield "up", "bob is back"
    (row,) = bob("receive", "--timeout", "90")
    yield "message", f"alice to bob: {row['text']}"
    yield from _talk(bob, alice, "yes, nothing is lost")


def _other(person: Actor, alice: Actor, bob: Actor) -> Actor:
    return bob if person is alice else alice
