#!/usr/bin/env python3
"""Newsroom intake: each message becomes one file, and nothing is lost.

    newsroom_intake.py DIRECTORY        while `onionchat up` runs

For each message: a draft, fsync, rename, fsync of the directory, and only then the
acknowledgement. Killed anywhere in between, the next run gets the message again and finds
its file, or writes the draft anew: never half a file, never two. Whoever starts the
intake starts it again when it ends, as systemd does with Restart=always; it ends when the
node does, and when the disk is full.

A file is named by the conversation and the message's ID, both hexadecimal digits; nothing
that a sender writes becomes part of a path. It holds the message as JSON in ASCII, so that
no terminal is fooled by it: `jq -r .text FILE` shows the text.
"""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PAGE = 50
PATIENCE = 60
"""Seconds of one question; it is asked again."""


class Node:
    """The node of the profile that ONIONCHAT_PROFILE names, through `onionchat rpc`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["onionchat", "rpc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def call(self, method: str, **params: Any) -> Any:
        """The result, or None when the wait was in vain."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = json.loads(self._ask(json.dumps(request)))
        if "error" not in answer:
            return answer["result"]
        if answer["error"]["data"]["error"] != "undelivered":
            sys.exit(f"intake: {answer['error']['message']}")
        return None

    def _ask(self, line: str) -> str:
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None and answers is not None
        try:
            asked.write(line + "\n")
            asked.flush()
        except BrokenPipeError:
            sys.exit("intake: the node has gone")
        answer = answers.readline()
        if not answer.endswith("\n"):
            sys.exit("intake: the node has gone")
        return answer


def main(directory: Path) -> None:
    os.umask(0o077)
    directory.mkdir(exist_ok=True)
    only_one(directory)
    sync(directory.absolute().parent)
    node = Node()
    while True:
        rows = node.call("receive", timeout=PATIENCE, limit=PAGE) or []
        for row in rows:
            keep(directory, row)
        sync(directory)  # also for a file of the run before, which may have died before this
        for row in rows:
            sys.stdout.write(f"{name_of(row)}\n")
        sys.stdout.flush()
        if rows:
            node.call("receive.ack", cursors=[row["cursor"] for row in rows])


def keep(directory: Path, row: dict[str, Any]) -> None:
    """The whole file or none."""
    path = directory / name_of(row)
    if path.exists():
        return
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="ascii") as file:
        json.dump(row, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def name_of(row: dict[str, Any]) -> str:
    """An ID is its sender's choice, unique only among theirs. Both are read and written anew."""
    return f"{int(row['conversation'], 16):x}-{bytes.fromhex(row['id']).hex()}.json"


def only_one(directory: Path) -> None:
    """Two would write one draft; the lock is the kernel's and ends with the process."""
    try:
        fcntl.flock(os.open(directory, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"intake: another one writes to {directory}")


def sync(directory: Path) -> None:
    """A new name in a directory is safe when the directory is."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: newsroom_intake.py DIRECTORY")
    main(Path(sys.argv[1]))
