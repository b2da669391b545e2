"""How a run of the program ends: exit codes, signals, pipes, locales, and what is imported."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from onionchat.cli import main
from onionchat.cli.invocation import Invocation, wants_color, wants_json
from onionchat.errors import (
    DamagedError,
    IdentityError,
    Interrupted,
    LocalError,
    LockedError,
    NotFoundError,
    OnionchatError,
    RefusedError,
    UndeliveredError,
    UnreachableError,
    UsageError,
)
from tests.child import Child
from tests.cli.screen import Screen

SLOW = ["asyncio", "stem", "peewee", "cryptography", "textual", "rich", "importlib.metadata"]
SECRET = "correct horse"

Fail = Callable[[Exception], None]


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Let every command end with this exception."""

    def install(error: BaseException) -> None:
        def invoke(_: list[str], __: Invocation) -> None:
            passphrase = SECRET  # a local variable that no traceback may show
            raise error.with_traceback(None) if passphrase else error

        monkeypatch.setattr(main, "_invoke", invoke)

    return install


def start(*words: str, **options: object) -> Child[str]:
    return Child(  # type: ignore[call-overload,no-any-return]  # options vary by test
        [sys.executable, "-m", "onionchat", *words],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options},
    )


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (OnionchatError, 1),
        (LocalError, 1),
        (UsageError, 2),
        (UnreachableError, 3),
        (IdentityError, 4),
        (UndeliveredError, 5),
        (LockedError, 6),
        (NotFoundError, 7),
        (RefusedError, 8),
        (DamagedError, 9),
        (Interrupted, 130),
    ],
)
def test_each_error_has_its_exit_code(
    fail: Fail, capsys: pytest.CaptureFixture[str], kind: type[OnionchatError], code: int
) -> None:
    fail(kind("it happened", "do this"))
    assert main.run(["id"]) == code
    assert capsys.readouterr() == ("", "onionchat: it happened\nhint: do this\n")


def test_an_error_in_json_is_one_line(fail: Fail, capsys: pytest.CaptureFixture[str]) -> None:
    fail(UnreachableError("it is away"))
    assert main.run(["--json", "id"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err) == {"error": "unreachable", "message": "it is away", "hint": None}


def test_an_error_is_rendered(fail: Fail, capsys: pytest.CaptureFixture[str]) -> None:
    fail(NotFoundError("no contact \x1b[31mbob\n$ ", "see\x07"))
    main.run(["id"])
    assert (
        capsys.readouterr().err == "onionchat: no contact \\u{1b}[31mbob\\u{a}$ \nhint: see\\u{7}\n"
    )


def test_a_bug_says_its_kind_and_nothing_else(
    fail: Fail, capsys: pytest.CaptureFixture[str]
) -> None:
    fail(ValueError(SECRET))
    assert main.run(["id"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "ValueError" in err
    assert "please report" in err
    assert SECRET not in err
    assert "Traceback" not in err


def test_debug_shows_a_traceback_without_local_variables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def paths(_: Invocation) -> None:
        key = SECRET.upper()
        raise ValueError(len(key))

    monkeypatch.setattr(Invocation, "paths", paths)
    assert main.run(["--debug", "init"]) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert SECRET.upper() not in err


def test_ctrl_c_ends_with_130(fail: Callable[[BaseException], None]) -> None:
    fail(KeyboardInterrupt())
    assert main.run(["id"]) == 130


def test_ctrl_c_on_a_terminal_is_told_on_a_line_of_its_own(
    fail: Callable[[BaseException], None],
) -> None:
    fail(KeyboardInterrupt())
    for words, told in ((["id"], "\r\nonionchat: interrupted\r\n"), (["--json", "id"], "{")):
        with Screen(80) as err:
            with redirect_stderr(err.stream):
                main.run(words)
            err.close()
        assert err.text.startswith(told)


def test_a_reader_who_leaves_is_not_an_error() -> None:
    read, write = os.pipe()
    os.close(read)
    with start("--version", stdout=write) as done:
        os.close(write)
        assert done.stderr is not None
        assert done.stderr.read() == ""
        assert done.wait() == Interrupted.exit_code


def test_output_that_cannot_be_written_is_refused() -> None:
    with Path("/dev/full").open("w") as full, start("--version", stdout=full) as done:
        assert done.stderr is not None
        assert "cannot be written" in done.stderr.read()
        assert done.wait() == RefusedError.exit_code


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_locale_without_utf_8_does_not_crash(encoding: str) -> None:
    environ = _environment(PYTHONIOENCODING=encoding)
    with start("id", "\u4e2d", env=environ) as done:
        assert done.stderr is not None
        assert "unexpected extra argument" in done.stderr.read()
        assert done.wait() == UsageError.exit_code


def test_an_escape_sequence_in_an_argument_does_not_come_back_alive(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.run(["id", "a\x1b[31mb"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_importing_the_command_line_is_light() -> None:
    code = f"import sys, onionchat.cli.main; print([m for m in {SLOW} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["send", "--help"]])
def test_help_and_version_are_light(words: list[str]) -> None:
    code = (
        "import sys; from onionchat.cli.main import run; run(sys.argv[1:]);"
        f"print([m for m in {SLOW} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("\n[]\n")


def learned(words: list[str], monkeypatch: pytest.MonkeyPatch, **environ: str) -> Invocation:
    """The options of the program as a command finds them."""
    found: list[Invocation] = []

    def paths(self: Invocation) -> None:
        found.append(self)
        raise UsageError("stop here")

    monkeypatch.setattr(Invocation, "paths", paths)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    main.run(words)
    return found[0]


@pytest.mark.parametrize(
    "words",
    [
        ["-p", "work", "-q", "-v", "init"],
        ["init", "-p", "work", "-q", "-v"],
        ["-q", "init", "-v", "--profile=work"],
    ],
)
def test_options_of_the_program_before_and_after(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    invocation = learned(words, monkeypatch)
    assert (invocation.profile, invocation.quiet, invocation.verbose) == ("work", True, 1)


def test_the_last_one_wins_and_the_environment_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"ONIONCHAT_PROFILE": "c"}
    assert learned(["-p", "a", "init", "-p", "b"], monkeypatch, **environ).profile == "b"
    assert learned(["-p", "a", "init"], monkeypatch, **environ).profile == "a"
    assert learned(["init"], monkeypatch, **environ).profile == "c"


@pytest.mark.parametrize(
    ("words", "environ", "expected"),
    [
        (["id"], {}, False),
        (["id", "--json"], {}, True),
        (["send", "--", "bob", "--json"], {}, False),
        (["id"], {"ONIONCHAT_JSON": "1"}, True),
        (["id"], {"ONIONCHAT_JSON": "0"}, False),
    ],
)
def test_json_is_known_before_anything_is_parsed(
    words: list[str], environ: Mapping[str, str], expected: bool
) -> None:
    assert wants_json(words, environ) is expected


@pytest.mark.parametrize(
    ("choice", "environ", "terminal", "expected"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_color(choice: str, environ: Mapping[str, str], terminal: bool, expected: bool) -> None:
    class Stream:
        def isatty(self) -> bool:
            return terminal

    assert wants_color(choice, environ, Stream()) is expected


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, **more}
