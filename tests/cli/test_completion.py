"""What bash offers when Tab is pressed: a real bash, our script, and nodes of three kinds."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from onionchat.cli import candidates
from onionchat.cli.completion import SHELLS, VARIABLE
from onionchat.cli.invocation import Invocation
from onionchat.cli.main import run
from tests.cli.listening import listening, silent
from tests.cli.scripted_node import ScriptedNode
from tests.cli.test_every_command import CONTACT, ID, REQUEST, WAITING
from tests.cli.test_main import SLOW

NAMES = ("bob", "bobby tables", "b,o'b $(id)*", "böb", "carol", "b\x1b[2J")

ASK = """
set -u
eval "$(onionchat completion bash)"
compopt() { echo compopt "$@"; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_onionchat_completion onionchat
[ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
"""

Tab = Callable[..., list[str]]


@pytest.fixture
def tab(tmp_path: Path) -> Tab:
    """What is offered for the last of the words, as they were typed, without a word on stderr."""
    environ = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "LC_ALL": "C.UTF-8",
    }

    def press(*words: str, **more: str) -> list[str]:
        done = subprocess.run(
            ["bash", "--norc", "-c", ASK, "bash", "onionchat", *words],
            env=environ | more,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        return done.stdout.splitlines()

    return press


@pytest.fixture
def node(tmp_path: Path) -> Iterator[ScriptedNode]:
    scripted = ScriptedNode()
    scripted.lists = {
        "contact.list": [CONTACT | {"name": name} for name in NAMES],
        "request.list": [REQUEST, REQUEST | {"number": 12}],
        "outbox.list": [WAITING],
    }
    with listening(tmp_path / "run" / "onionchat" / "default" / "rpc.sock", scripted.call):
        yield scripted


def test_commands_and_options(tab: Tab) -> None:
    assert tab("re") == ["request", "receive", "reachable"]
    assert tab("contact", "re") == ["rename", "remove"]
    assert tab("send", "bob", "--w") == ["--wait"]
    assert tab("send", "bob", "--wait", "") == ["sent", "delivered"]
    assert tab("send", "--js") == ["--json"]


def test_names_are_offered_as_the_shell_needs_them(tab: Tab, node: ScriptedNode) -> None:
    offered = tab("send", "b")
    assert offered == ["bob", r"bobby\ tables", r"b\,o\'b\ \$\(id\)\*", "böb"]
    assert node.calls == [("contact.list", {"prefix": "b"})]


@pytest.mark.parametrize("quote", ["'", '"'])
def test_inside_quotes_a_name_is_offered_as_it_is(tab: Tab, node: ScriptedNode, quote: str) -> None:
    assert tab("history", "show", f"{quote}bobby t") == ["bobby tables"]
    assert node.calls


@pytest.mark.parametrize(
    "words", ["receive", "doctor", "verify", "contact show", "contact block", "history clear"]
)
def test_every_command_that_takes_a_person_offers_them(
    tab: Tab, node: ScriptedNode, words: str
) -> None:
    assert tab(*words.split(), "c") == ["carol"]
    assert node.calls


def test_numbers_of_requests_and_ids_of_what_waits(tab: Tab, node: ScriptedNode) -> None:
    assert tab("request", "accept", "") == ["7", "12"]
    assert tab("outbox", "cancel", ID[:4]) == [ID]
    assert len(node.calls) == 2


def test_the_profile_on_the_line_is_asked(tab: Tab, node: ScriptedNode, tmp_path: Path) -> None:
    other = ScriptedNode()
    other.lists = {"contact.list": [CONTACT]}
    with listening(tmp_path / "data" / "work" / "run" / "rpc.sock", other.call):
        assert tab("-d", "~/data", "-p", "work", "send", "") == ["bob"]
        assert tab("send", "", ONIONCHAT_DATA_DIR=f"{tmp_path}/data", ONIONCHAT_PROFILE="work")
    assert len(other.calls) == 2
    assert node.calls == []


def test_profiles(tab: Tab, tmp_path: Path) -> None:
    for name in ("work", "home"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "keyslot").touch()
    assert tab("-d", "~/data", "-p", "") == ["home", "work"]
    assert tab("-d", "~/data", "send", "-p", "w") == ["work"]


def test_files_are_left_to_the_shell(tab: Tab) -> None:
    assert tab("backup", "create", "x") == ["compopt -o default"]
    assert tab("-d", "x") == ["compopt -o dirnames"]


def test_without_a_node_nothing_is_offered(tab: Tab) -> None:
    assert tab("send", "b") == []
    assert tab("request", "accept", "") == []


def test_a_node_that_never_answers_offers_nothing(tab: Tab, tmp_path: Path) -> None:
    with silent(tmp_path / "run" / "onionchat" / "default" / "rpc.sock"):
        assert tab("send", "b") == []


@pytest.mark.parametrize("trickle", [b"", b"{"])
def test_the_deadline_is_for_all_of_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trickle: bytes
) -> None:
    """A node that sends a byte whenever it is waited for would otherwise never end."""
    waited: list[float] = []

    class Trickling:
        clock = 0.0

        def settimeout(self, seconds: float) -> None:
            waited.append(seconds)

        def recv(self, _: int) -> bytes:
            Trickling.clock += 0.05
            if not trickle:
                raise TimeoutError
            return trickle

        def __enter__(self) -> "Trickling":
            return self

        def __exit__(self, *_: object) -> None: ...

        def sendall(self, _: bytes) -> None: ...

    monkeypatch.setattr(candidates, "monotonic", lambda: Trickling.clock)
    monkeypatch.setattr(candidates, "connected", lambda *_: Trickling())
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(TimeoutError):
        candidates.known(Invocation(), "contact.list", deadline=0.12)
    assert waited == pytest.approx([0.12, 0.12, 0.07, 0.02][: 4 if trickle else 2])


def test_an_answer_that_is_an_error_offers_nothing(tab: Tab, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> Any:
        return {"not": "a list"}

    with listening(tmp_path / "run" / "onionchat" / "default" / "rpc.sock", refuse):
        assert tab("send", "b") == []


def test_it_starts_as_light_as_everything_else(tmp_path: Path) -> None:
    code = (
        "import sys; from onionchat.cli.main import run; run([]);"
        f"print([m for m in {SLOW} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            VARIABLE: "bash_complete",
            "COMP_WORDS": "onionchat\nsend\nb",
            "COMP_CWORD": "2",
            "HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_as_json_is_the_same(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert run(["--json", "completion", shell]) == 0
    assert json.loads(capsys.readouterr().out) == {"shell": shell, "script": script}
    assert VARIABLE in script


def test_fish_splits_at_the_first_comma_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "fish"]) == 0
    assert 'string split --max 1 ","' in capsys.readouterr().out
