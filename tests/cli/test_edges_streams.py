"""Standard streams that are closed, full, endless or none, and text in any encoding."""

import json
import os
import pty
import socket
import struct
import termios
from fcntl import ioctl
from pathlib import Path

import pytest

from onionchat.cli.main import COMMANDS
from tests.cli.machine import BOB, Done, Machine, closing, finished

REPLY = b'{"jsonrpc":"2.0","id":1,"method":"status"}\n'


def texts(machine: Machine) -> list[str]:
    rows = machine("history", "bob", "--json").out.splitlines()
    return [json.loads(row)["text"] for row in rows]


@pytest.mark.parametrize("words", [["--help"], ["send", "-h"], ["--version"], ["status"], ["rpc"]])
def test_a_full_stdout(running: Machine, words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        running(*words, stdin=REPLY, stdout=full).refused(8, "cannot be written")


@pytest.mark.parametrize("words", [["--help"], ["status"], ["receive"]])
def test_a_reader_who_has_gone(running: Machine, words: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    done = running(*words, stdout=write)
    os.close(write)
    nothing = (0, "nothing unread\n")  # so nobody was to read it
    assert (done.code, done.err) == (nothing if words == ["receive"] else (130, ""))


@pytest.mark.parametrize("words", [["--help"], ["status"], ["rpc"], ["send", "bob", "lost"]])
def test_a_closed_stdout_is_refused_before_anything_is_done(
    running: Machine, words: list[str]
) -> None:
    running(*words, stdin=REPLY, preexec_fn=closing(1)).refused(8, "the output is closed")
    assert "lost" not in texts(running)


def test_a_closed_stdin(running: Machine) -> None:
    assert running("status", stdin=b"", preexec_fn=closing(0)).code == 0
    running("send", "bob", preexec_fn=closing(0)).refused(2, "no standard input")
    running("rpc", preexec_fn=closing(0)).refused(2, "no standard input")


@pytest.mark.parametrize("stderr", ["closed", "full"])
def test_no_stderr_changes_no_exit_code(running: Machine, stderr: str) -> None:
    with Path("/dev/full").open("w") as full:
        options = {"stderr": full} if stderr == "full" else {"preexec_fn": closing(2)}
        assert running("status", **options).code == 0
        assert running("show", **options) == Done(2, "", "")
        assert running("contact", "show", "nobody", **options) == Done(7, "", "")


def test_without_any_stream_nothing_of_ours_gets_their_numbers(running: Machine) -> None:
    done = running("send", "bob", "to nobody", preexec_fn=closing(0, 1, 2))
    assert done == Done(8, "", "")
    assert "to nobody" not in texts(running)


@pytest.mark.parametrize(
    ("device", "flags", "code", "words"),
    [
        ("/dev/zero", os.O_RDONLY, 8, "more than 1048576 bytes"),
        ("/dev/null", os.O_WRONLY, 2, "cannot be read"),
    ],
)
def test_stdin_that_has_no_end_or_cannot_be_read(
    running: Machine, device: str, flags: int, code: int, words: str
) -> None:
    source = os.open(device, flags)
    with running.start("send", "bob", stdin=source) as sending:
        finished(sending).refused(code, words)
    os.close(source)


@pytest.mark.parametrize(
    "text",
    ["nul \0 in it", "two\r\nlines\r", "\ufeffmark", "grüße 中", "\x1b[31mred", "x" * 16_384],
)
def test_any_text_arrives_as_it_was(running: Machine, text: str) -> None:
    assert running("send", "bob", stdin=text + "\n").clean().code == 0
    assert texts(running)[-1] == text


@pytest.mark.parametrize("text", [b"\xff\xfeh\x00", b"\xed\xa0\x80", b"ab\xc3"])
def test_what_is_no_utf_8_is_refused(running: Machine, text: bytes) -> None:
    running("send", "bob", stdin=text).refused(2, "not UTF-8")


@pytest.mark.parametrize(
    "environ",
    [{"LANG": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}],
    ids=str,
)
def test_a_locale_without_utf_8(running: Machine, environ: dict[str, str]) -> None:
    text = f"grüße 中 {environ}"
    assert running("send", "bob", text, environ=environ).clean().code == 0
    assert texts(running)[-1] == text
    assert running("history", "bob", environ=environ).clean().code == 0
    running("contact", "show", b"\xff\xfe", environ=environ).refused(2)


@pytest.mark.parametrize(
    "words",
    [
        [b"\xff"],
        ["send", b"\xff", "hi"],
        ["send", "bob", b"\xff"],
        ["contact", "list", b"\xff"],
        ["contact", "add", b"\xff", BOB],
        ["contact", "show", "x" * 130_000],
        ["-p", b"\xff", "status"],
        ["receive", "--since", b"\xff"],
        ["--passphrase-fd", "99999999999999999999", "status", "--debug", "--nosuch"],
    ],
    ids=lambda words: str(words)[:40],
)
def test_arguments_of_any_bytes(running: Machine, words: list[str | bytes]) -> None:
    assert len(running(*words).refused(2).err) < 300


def test_a_passphrase_descriptor_of_any_number(machine: Machine) -> None:
    machine("--passphrase-fd", "99999999999999999999", "id").refused(2, "cannot be read")


@pytest.mark.parametrize("name", ["TIMEOUT", "LIMIT", "SINCE", "PEEK", "COLOR", "PASSPHRASE_FD"])
def test_nonsense_in_a_variable_names_it(running: Machine, name: str) -> None:
    running("receive", environ={f"ONIONCHAT_{name}": "nonsense"}).refused(2, f"ONIONCHAT_{name}")


def test_a_node_that_is_killed_under_rpc(machine: Machine) -> None:
    with machine.node() as up, machine.start("rpc") as rpc:
        assert rpc.stdin is not None
        assert rpc.stdout is not None
        rpc.stdin.write(REPLY)
        rpc.stdin.flush()
        assert b"result" in rpc.stdout.readline()
        up.kill()
        rpc.stdout.read()
        assert rpc.stderr is not None
        words = rpc.stderr.read().decode()
        Done(rpc.wait(20), "", words).refused(3, "onionchat up")


def test_garbage_and_a_line_of_many_megabytes_to_rpc(running: Machine) -> None:
    assert '"code": -32700' in running("rpc", stdin=b"\xff\0\n").clean().out
    done = running("rpc", stdin=b"x" * (8 << 20))
    assert '"code": -32600' in done.refused(3).out
    assert running("status").code == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_nothing_is_said_to_another_users_socket(machine: Machine) -> None:
    """As with a runtime directory that anybody can write."""
    with socket.socket(socket.AF_UNIX) as fake:
        fake.bind(bytes(machine.profile / "run/rpc.sock"))
        os.seteuid(65534)
        try:
            fake.listen()  # whose it is, to the kernel
        finally:
            os.seteuid(0)
        for words in (["send", "bob", "secret"], ["rpc"], ["status"]):
            machine(*words).refused(8, "another user (uid 65534)")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_on_a_terminal_of_twenty_columns(empty: Machine, command: str) -> None:
    """It says the same, and breaks no word that fits; only what is to be copied is longer."""
    words = [command] if command else []
    lines = on_a_terminal(empty, 20, *words, "--help").splitlines()
    wide = str(json.loads(empty(*words, "--help", "--json").out)["help"])
    assert [line for line in lines if len(line) > 20 and "onionchat " not in line] == []
    assert "".join("".join(lines).split()) == "".join(wide.split())
    shown = [word for line in lines for word in line.split()]
    assert {word for word in wide.split() if len(word) < 15} <= set(shown)


def on_a_terminal(machine: Machine, columns: int, *words: str) -> str:
    """All that it shows there."""
    keyboard, terminal = pty.openpty()
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with machine.start(*words, stdin=terminal, stdout=terminal) as process:
        os.close(terminal)
        shown = b""
        try:
            while chunk := os.read(keyboard, 4096):
                shown += chunk
        except OSError:  # how a terminal tells its end
            pass
        assert finished(process) == Done(0, "", "")
    os.close(keyboard)
    return shown.decode()
