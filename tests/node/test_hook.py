"""The program of `up --on-message`: what it learns, and what it cannot do to us."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from onionchat.errors import RefusedError, UsageError
from onionchat.node import hook
from onionchat.node.hook import Hook

ARRIVAL = {"kind": "text", "id": "ab" * 16, "contact": "bob the baker", "text": "zebra"}


class Bench:
    """A program of the test's, its hook, and a pipe with a name that it can write to."""

    def __init__(self, directory: Path, script: str) -> None:
        self.warnings: list[str] = []
        self.warned = asyncio.Event()
        self.pipe = directory / "pipe"
        self.program = directory / "ring"
        self.program.write_text(f"#!/bin/sh\n{script.format(pipe=self.pipe)}\n")
        self.program.chmod(0o700)
        os.mkfifo(self.pipe)
        self.hook = Hook(self.program, self._warn)

    def _warn(self, message: str) -> None:
        self.warnings.append(message)
        self.warned.set()

    async def said(self) -> str:
        """What was written to the pipe, when nobody has it open any more."""
        return await asyncio.to_thread(self.pipe.read_text)


def run(scene: Callable[[Bench], Awaitable[Any]], directory: Path, script: str) -> None:
    async def main() -> None:
        bench = Bench(directory, script)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(bench.hook.run())
            await scene(bench)
            running.cancel()

    asyncio.run(main())


def test_what_came_in_is_on_stdin_and_nowhere_else(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        bench.hook.ring(ARRIVAL)
        line, _, rest = (await bench.said()).partition("\n")
        assert json.loads(line) == ARRIVAL
        assert "PATH=" in rest
        assert rest.endswith("arguments: 0\n")
        assert not any(word in rest for word in ("baker", "zebra", "abab"))
        assert bench.warnings == []

    run(scene, tmp_path, "exec > {pipe}; cat; env; echo arguments: $#")


def test_one_at_a_time_and_each(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        for number in range(3):
            bench.hook.ring({"number": number})
        each = [f'begin\n{{"number": {number}}}\nend\n' for number in range(3)]
        with os.fdopen(os.open(bench.pipe, os.O_RDWR)) as pipe:  # no end between two of them
            lines = [await asyncio.to_thread(pipe.readline) for _ in range(9)]
        assert "".join(lines) == "".join(each)

    run(scene, tmp_path, "exec > {pipe}; echo begin; cat; echo end")


def test_one_that_hangs_is_ended_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook, "LIMIT", 0.5)

    async def scene(bench: Bench) -> None:
        bench.hook.ring(ARRIVAL)
        assert await bench.said() == ""  # the end of the last that has it open
        await bench.warned.wait()
        assert bench.warnings == ["it took longer than 0.5 seconds and was ended"]

    run(scene, tmp_path, "exec > {pipe}; sleep 1000 & sleep 1000")


def test_it_ends_with_us(tmp_path: Path) -> None:
    opened: list[int] = []

    async def scene(bench: Bench) -> None:
        bench.hook.ring(ARRIVAL)
        opened.append(await asyncio.to_thread(os.open, bench.pipe, os.O_RDONLY))  # it runs

    run(scene, tmp_path, "exec > {pipe}; sleep 1000 & sleep 1000")
    assert os.read(opened[0], 1) == b""
    os.close(opened[0])


def test_one_that_fails_or_does_not_listen_is_told_and_the_next_runs(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        bench.hook.ring({"text": "x" * 200_000})
        assert await bench.said() == "1\n"
        await bench.warned.wait()
        assert bench.warnings == ["it ended with exit code 3"]
        bench.hook.ring(ARRIVAL)
        assert await bench.said() == "1\n"

    run(scene, tmp_path, "echo 1 > {pipe}; exit 3")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (Path.unlink, "there is no file"),
        (lambda path: path.chmod(0o777), "can be changed by other users"),
        (lambda path: path.chmod(0o600), "is not a program"),
        (lambda path: path.write_bytes(b"\x00\x01"), "could not be run: Exec format error"),
    ],
)
def test_one_that_must_not_be_run_any_more_is_not(
    tmp_path: Path, spoil: Callable[[Path], Any], sentence: str
) -> None:
    async def scene(bench: Bench) -> None:
        spoil(bench.program)
        bench.hook.ring(ARRIVAL)
        await bench.warned.wait()
        assert sentence in bench.warnings[0]

    run(scene, tmp_path, "echo 1 > {pipe}")


def test_a_crowd_is_not_remembered(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        for number in range(hook.QUEUE + 5):
            bench.hook.ring({"number": number})
        assert len(bench.warnings) == 5
        assert "64 messages wait" in bench.warnings[0]

    run(scene, tmp_path, "exit 0")


def test_what_cannot_or_must_not_be_run_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file"):
        Hook(tmp_path / "nothing", print)
    program = tmp_path / "ring"
    program.touch(0o600)
    with pytest.raises(UsageError, match="not a program"):
        Hook(program, print)
    program.chmod(0o777)
    with pytest.raises(RefusedError, match="changed by other users"):
        Hook(program, print)
