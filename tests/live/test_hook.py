"""`up --on-message` between real nodes: the bell rings, without a text, and dies with `up`."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.live.person import Person

pytestmark = [pytest.mark.live, pytest.mark.timeout(200)]

SCRIPT = """#!/bin/sh
exec > {pipe}
cat
[ ! -e {hang} ] || exec sleep 1000
"""


def test_it_rings_for_a_request_and_a_message(
    people: tuple[Person, Person], tmp_path: Path
) -> None:
    alice, bob = people
    pipe, program, hang = tmp_path / "pipe", tmp_path / "ring", tmp_path / "hang"
    os.mkfifo(pipe)
    program.write_text(SCRIPT.format(pipe=pipe, hang=hang))
    program.chmod(0o700)
    alice.init()
    address = bob.init()
    bob.start("--on-message", str(program))
    alice.start()
    alice("contact", "add", "bob", address, "-m", "it is me")
    request = heard(pipe.read_text())
    assert (request["kind"], request["number"]) == ("request", 1)
    bob("request", "accept", "1", "--name", "alice")
    sent = alice.one("send", "bob", stdin="hello")
    message = heard(pipe.read_text())
    assert message.keys() == {"kind", "id", "contact", "conversation", "number", "at"}
    assert (message["kind"], message["id"], message["contact"]) == ("text", sent["id"], "alice")

    hang.touch()
    alice.one("send", "bob", stdin="hang")
    with pipe.open() as ringing:
        assert heard(ringing.readline())["kind"] == "text"
        bob.kill()
        assert ringing.read() == ""


def heard(line: str) -> dict[str, Any]:
    arrival: dict[str, Any] = json.loads(line)
    return arrival
