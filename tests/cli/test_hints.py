"""A command that a hint names is for the profile of this command line: people copy it."""

import json
from pathlib import Path

import pytest

from onionchat.cli.main import run
from onionchat.cli.output import Output
from tests.cli.machine import Machine

START = "make one with `onionchat init"


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a short path, as the sockets below it need."""
    place = tmp_path_factory.mktemp("h")
    monkeypatch.chdir(place)
    monkeypatch.setenv("HOME", str(place))
    return place


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["id"], f"{START}`"),
        (["-p", "work", "id"], f"{START} -p work`"),
        (["id", "--profile", "work"], f"{START} -p work`"),
        (["-d", "my data", "-p", "work", "id"], f"{START} -d 'my data' -p work`"),
    ],
)
def test_it_is_for_the_profile(
    words: list[str],
    hint: str,
    home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert home.exists()
    assert run(words) == 7
    assert capsys.readouterr().err.endswith(f"hint: {hint}\n")
    assert run(["--json", *words]) == 7
    assert json.loads(capsys.readouterr().err)["hint"] == hint


def test_a_slip_in_the_name_of_a_profile_is_thought_of(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("anna", "ben"):
        (home / ".local/share/onionchat" / name).mkdir(parents=True)
        (home / ".local/share/onionchat" / name / "keyslot").touch()
    assert run(["-p", "annna", "id"]) == 7
    hint = f"hint: {START} -p annna`, or use --profile: anna, ben\n"
    assert capsys.readouterr().err.endswith(hint)


def test_the_environment_goes_on(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert home.exists()
    monkeypatch.setenv("ONIONCHAT_PROFILE", "work")
    run(["id"])
    assert capsys.readouterr().err.endswith(f"hint: {START}`\n")


def test_help_is_the_same_for_every_profile(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-p", "work", "send"]) == 2
    assert capsys.readouterr().err.endswith("hint: see `onionchat send --help`\n")


def test_a_hint_in_an_answer_names_it_in_text_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For a script it is what the node has said."""
    sent = {"hint": "queued; `onionchat status` shows how far it is", "state": "queued"}
    monkeypatch.setattr("onionchat.cli.send.ask", lambda *_, **__: sent)
    run(["-p", "work", "send", "bob", "hi"])
    assert capsys.readouterr().out == "queued; `onionchat status -p work` shows how far it is\n"
    run(["-p", "work", "send", "bob", "hi", "--json"])
    assert json.loads(capsys.readouterr().out) == sent


def test_what_doctor_tells_to_do_names_it(machine: Machine) -> None:
    shown = machine("-p", "default", "doctor").refused(3).out
    assert "what to do: start it with `onionchat up -p default`\n" in shown


def test_the_next_step_names_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    Output(place="-p work").next("Next:", "onionchat up")
    Output(place="-p work", as_json=True).next("Next:", "onionchat up")
    text, row = capsys.readouterr().err.splitlines()
    assert text == "Next: onionchat up -p work"
    assert json.loads(row) == {"next": "onionchat up -p work"}
