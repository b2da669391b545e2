"""Whoever comes back with a cursor has every durable event once and in order.

Real processes: a node and a subscriber are killed with SIGKILL again and again, at moments
that chance and the deliveries give, while messages come in.
"""

import json
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from onionchat.rpc.client import Client
from tests.child import Child
from tests.rpc.neighbour import Neighbour, befriend

MESSAGES = 240
KILLS = 12


def test_nothing_is_missed_or_told_twice(tmp_path: Path) -> None:
    chance, log = random.Random(), tmp_path / "log"
    with Neighbour(tmp_path, "alice") as alice, Neighbour(tmp_path, "bob") as bob:
        befriend(alice, bob)
        sent: list[str] = []
        sending = threading.Thread(target=send_all, args=(alice, sent))
        subscriber = subscribe(bob, log)
        with alice.client() as bell:
            bell.call("subscribe", since=0)
            sending.start()
            for _ in range(KILLS):
                deliveries(bell, chance.randint(1, MESSAGES // KILLS))
                if chance.random() < 0.5:
                    bob.kill()
                    assert subscriber.wait(timeout=30) == 3
                    bob.start()
                end(subscriber)
                subscriber = subscribe(bob, log)
            sending.join()
        everything = all_events(bob, sent[-1])
        hear(subscriber, everything[-1]["params"]["cursor"])
        end(subscriber)
    told = [json.loads(line) for line in log.read_text().splitlines()]
    assert told == everything
    assert [e["params"]["id"] for e in told if e["method"] == "message.received"] == sent


def send_all(alice: Neighbour, sent: list[str]) -> None:
    with alice.client() as client:
        for text in map("text {}".format, range(MESSAGES)):
            sent += [client.call("send", name="bob", text=text)["id"]]


def subscribe(bob: Neighbour, log: Path) -> Child[str]:
    words = [sys.executable, "-m", "tests.rpc.subscriber", str(bob.socket), str(log)]
    return Child(words, stdout=subprocess.PIPE, text=True)


def end(subscriber: Child[str]) -> None:
    subscriber.kill()
    subscriber.communicate()


def hear(subscriber: Child[str], last: int) -> None:
    """Until it has written the event with this cursor."""
    assert subscriber.stdout is not None
    while int(subscriber.stdout.readline()) < last:
        pass


def deliveries(bell: Client, count: int) -> None:
    """Wait for so many."""
    while count:
        count -= bell.notification(60)["params"].get("state") == "delivered"


def all_events(bob: Neighbour, last: str) -> list[dict[str, Any]]:
    """What the store has, up to the message with this ID."""
    events: list[dict[str, Any]] = []
    with bob.client() as client:
        client.call("subscribe", since=0)
        while not events or events[-1]["params"].get("id") != last:
            event = client.notification(60)
            if "cursor" in event["params"]:
                events.append(event)
    return events
