"""A program that a test starts, and that does not outlive the test's failure.

Popen's own `with` waits for the program to end, for ever, also when an assertion inside has
just failed: one wrong line became a suite that hung.
"""

import subprocess
from types import TracebackType
from typing import AnyStr


class Child(subprocess.Popen[AnyStr]):
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, value, traceback)
