"""A process that goes on by itself: what the parent learns from it, and when."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from onionchat.cli.detach import Report, detached
from onionchat.errors import LocalError, UnreachableError

READY = {"event": "ready", "address": "a.onion"}


@contextmanager
def gate() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    yield read, write
    os.close(read)
    os.close(write)


def test_returns_when_ready_and_the_work_goes_on() -> None:
    with gate() as (asked, ask), gate() as (answered, answer):

        def work(report: Report) -> None:
            report({"event": "tor", "state": "bootstrapping"})
            report(READY)
            os.read(asked, 1)
            report({"event": "tor", "state": "lost"})  # nobody listens any more
            alone = os.getsid(0) == os.getpid() and Path.cwd() == Path("/")
            os.write(answer, b"%d" % alone)

        reports: list[dict[str, Any]] = []
        detached(work, reports.append)
        assert reports == [{"event": "tor", "state": "bootstrapping"}, READY]
        os.write(ask, b"x")
        assert os.read(answered, 1) == b"1"
        os.wait()


def test_an_error_of_the_work_is_raised_here() -> None:
    def work(_: Report) -> None:
        raise UnreachableError("no tor", "install it")

    with pytest.raises(UnreachableError, match="no tor") as caught:
        detached(work, lambda _: None)
    assert caught.value.hint == "install it"
    assert_no_child()


def test_work_that_ends_without_a_word_is_a_bug() -> None:
    def work(_: Report) -> None:
        raise ValueError

    with pytest.raises(LocalError, match="without a word"):
        detached(work, lambda _: None)
    assert_no_child()


@pytest.mark.parametrize("interrupted", [False, True])
def test_work_that_was_stopped_before_it_was_ready(interrupted: bool) -> None:
    """As `down` does, or Ctrl-C."""

    def work(_: Report) -> None:
        if interrupted:
            raise KeyboardInterrupt

    with pytest.raises(UnreachableError, match="stopped while it started"):
        detached(work, lambda _: None)
    assert_no_child()


def test_ctrl_c_while_waiting_leaves_nothing_behind() -> None:
    def interrupt(_: dict[str, Any]) -> None:
        raise KeyboardInterrupt

    with gate() as (never, ours):

        def work(report: Report) -> None:
            os.close(ours)  # or it would wait for itself
            report({"event": "tor", "state": "starting"})
            os.read(never, 1)

        with pytest.raises(KeyboardInterrupt):
            detached(work, interrupt)
    assert_no_child()


def assert_no_child() -> None:
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
