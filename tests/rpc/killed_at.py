"""`python -m tests.rpc.killed_at N SCRIPT ...` runs a script and kills it at its Nth line.

SIGKILL, so nothing is flushed or cleaned up: every place between two lines can be hit.
"""

import os
import runpy
import signal
import sys
from types import FrameType
from typing import Any


def main(count: int, script: str) -> None:
    left = count

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename != script:
            return None
        left -= event == "line"
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    del sys.argv[0]
    main(int(sys.argv.pop(0)), sys.argv[0])
