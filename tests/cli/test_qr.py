"""A code that no camera could read is not drawn: the reason and the next step are told."""

import io
import sys
from contextlib import redirect_stdout

import pytest

from onionchat.cli.qr import qr_code
from onionchat.errors import UsageError
from tests.cli.screen import Screen
from tests.cli.test_every_command import ADDRESS

CARRIED = f"onionchat:{ADDRESS}"
INVITE = "ONIONCHAT-INVITE:" + "A" * 200


def drawn_on(width: int, text: str = CARRIED) -> str:
    with Screen(width) as screen, redirect_stdout(screen.stream):
        return qr_code(text)


def test_a_window_that_is_just_wide_enough() -> None:
    lines = drawn_on(45).split("\n")
    assert {len(line) for line in lines} == {45}
    assert set("".join(lines)) == set(" █▀▄")


def test_an_invite_fits_into_80_columns() -> None:
    assert {len(line) for line in drawn_on(57, INVITE).split("\n")} == {57}
    with pytest.raises(UsageError, match="57 columns"):
        drawn_on(56, INVITE)


def test_a_window_that_would_wrap_it() -> None:
    with pytest.raises(UsageError, match="45 columns, and this window 44") as caught:
        drawn_on(44)
    assert "wider" in caught.value.hint


def test_an_encoding_without_its_blocks() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with redirect_stdout(stream), pytest.raises(UsageError, match="ascii lacks") as caught:
        qr_code(CARRIED)
    assert "LANG=C.UTF-8" in caught.value.hint


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint is for the interpreter that runs us, wherever pipx or a person has put it."""
    monkeypatch.setitem(sys.modules, "segno", None)
    monkeypatch.setattr(sys, "executable", "/opt/my env/bin/python")
    with pytest.raises(UsageError, match="not installed") as caught:
        qr_code(CARRIED)
    assert "`'/opt/my env/bin/python' -m pip install segno`" in caught.value.hint
