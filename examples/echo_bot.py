#!/usr/bin/env python3
"""A bot that answers each message with its own words. Run `onionchat up` first.

It acknowledges after it has answered: killed in between, it answers twice and never not at
all. It ends when the node does; ONIONCHAT_PROFILE says whose bot it is.
"""

import json
import subprocess
import sys
from typing import Any

MARK = "echo: "
NODE = subprocess.Popen(
    ["onionchat", "rpc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
)


def call(method: str, **params: Any) -> dict[str, Any]:
    assert NODE.stdin is not None and NODE.stdout is not None
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    NODE.stdin.write(json.dumps(request) + "\n")
    NODE.stdin.flush()
    answer: dict[str, Any] = json.loads(NODE.stdout.readline() or sys.exit("the node has gone"))
    return answer


while True:
    answer = call("receive", timeout=60)
    if answer.get("error", {"data": {"error": "undelivered"}})["data"]["error"] != "undelivered":
        sys.exit(answer["error"]["message"])
    for row in answer.get("result", []):
        # A bot that answers bots would never end.
        if row["kind"] == "text" and not row["text"].startswith(MARK):
            call("send", name=row["address"], text=MARK + row["text"])
        call("receive.ack", cursors=[row["cursor"]])
