"""`python -m tests.rpc.subscriber SOCKET LOG`: a client that comes back with its cursor.

Each durable event becomes a line of LOG in one write, the cursor in it; the last line says
where to go on. It prints the cursor that it has got to, ends with 3 when the node does,
and can be killed at any moment.
"""

import json
import os
import signal
import sys
from pathlib import Path

from onionchat.errors import UnreachableError
from onionchat.hardening import die_with_parent
from onionchat.rpc.client import Client


def main(path: Path, log: Path) -> None:
    lines = log.read_text().splitlines() if log.exists() else []
    since = json.loads(lines[-1])["params"]["cursor"] if lines else 0
    print(since, flush=True)
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    with Client.connect(path) as client:
        client.call("subscribe", since=since)
        while True:
            event = client.notification()
            if "cursor" in event["params"]:
                os.write(out, json.dumps(event).encode() + b"\n")
                print(event["params"]["cursor"], flush=True)


if __name__ == "__main__":
    die_with_parent(signal.SIGKILL, os.getppid())
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except UnreachableError:
        sys.exit(3)
