"""Two people over a real Tor network: the claim this project lives by, end to end.

A request, its acceptance, a hundred messages each way of one byte to 16 KiB in several
scripts; both nodes are stopped and started in the middle and one is killed with
SIGKILL while messages wait. Everything arrives once and in order, and both histories
tell the same story.
"""

import random

import pytest

from tests.live.person import Person

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

SCRIPTS = (
    "plain words ",
    "Ελληνικά ",
    "кириллица ",
    "עברית ",
    "日本語のテキスト",
    "🧅👩‍💻🇺🇳 ",
    "e\u0301 \u202e x ",
)
EACH_WAY = 100


def texts(seed: int) -> list[str]:
    """A hundred texts of 1 byte to 16 KiB, all different."""
    draw = random.Random(seed)
    made = []
    for number in range(EACH_WAY):
        size = draw.choice((1, 20, 200, 1400, 5000, 13000, 16384)) if number else 16384
        script = draw.choice(SCRIPTS)
        body = (f"{number} " + script * (1 + size // len(script.encode()))).encode()[:size]
        made.append(body.decode(errors="ignore") or "x")
    made[1] = "z"
    return made


def test_two_people_talk_and_nothing_is_lost_or_doubled(people: tuple[Person, Person]) -> None:
    alice, bob = people
    become_contacts(alice, bob)
    from_alice, from_bob = texts(1), texts(2)

    say(alice, "bob", from_alice[:40])
    say(bob, "alice", from_bob[:40])
    heard_by_bob = hear(bob, 40)
    heard_by_alice = hear(alice, 40)

    for person in people:
        person.stop()
    for person in people:
        person.start()
    say(alice, "bob", from_alice[40:70])
    say(bob, "alice", from_bob[40:70])
    bob.kill()
    say(alice, "bob", from_alice[70:])
    bob.start()
    say(bob, "alice", from_bob[70:])

    heard_by_bob += hear(bob, 60)
    heard_by_alice += hear(alice, 60)
    assert heard_by_bob == from_alice
    assert heard_by_alice == from_bob
    same_story(alice, bob, from_alice, from_bob)


def become_contacts(alice: Person, bob: Person) -> None:
    alice.init()
    address = bob.init()
    bob.start()
    alice.start()
    added = alice.one("contact", "add", "bob", address, "-m", "it is me")
    assert added["state"] == "requested"
    (request,) = wait_for(bob, "request", "list")
    assert request["text"] == "it is me"
    accepted = bob.one("request", "accept", str(request["number"]), "--name", "alice")
    assert accepted["state"] == "contact"


def wait_for(person: Person, *words: str) -> list[dict[str, object]]:
    """The rows of a listing as soon as there are any."""
    for _ in range(200):
        if rows := person(*words):
            return rows
        person("receive", "--timeout", "0.3", "--peek", code=5)
    raise AssertionError(f"{person.name}: {words} stayed empty")


def say(person: Person, to: str, messages: list[str]) -> None:
    for text in messages:
        sent = person.one("send", to, stdin=text + "\n")
        assert sent["state"] == "queued"


def hear(person: Person, count: int) -> list[str]:
    heard: list[str] = []
    while len(heard) < count:
        rows = person("receive", "--timeout", "60")
        assert all(row["missing"] == 0 and not row["late"] for row in rows)
        heard.extend(str(row["text"]) for row in rows)
    assert len(heard) == count
    return heard


def same_story(alice: Person, bob: Person, from_alice: list[str], from_bob: list[str]) -> None:
    """Both histories hold the same messages, each side's in the order they were sent."""
    at_alice = alice("history", "bob", "--limit", "1000")
    at_bob = bob("history", "alice", "--limit", "1000")
    assert {row["id"] for row in at_alice} == {row["id"] for row in at_bob}
    assert len(at_alice) == len(at_bob) == 2 * EACH_WAY
    for rows, mine, theirs in ((at_alice, from_alice, from_bob), (at_bob, from_bob, from_alice)):
        assert [row["text"] for row in rows if row["direction"] == "out"] == mine
        assert [row["text"] for row in rows if row["direction"] == "in"] == theirs
        assert all(row["state"] == "read" for row in rows if row["direction"] == "in")
