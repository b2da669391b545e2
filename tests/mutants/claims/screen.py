"""Who sees the screen."""

from tests.mutants.claims.weakness import Weakness

WEAKNESSES = (
    Weakness(
        "a passphrase is shown on the screen while it is typed",
        (("cli/hidden.py", "if self._set(0):", "if self._set(termios.ECHO):"),),
        ("cli/test_prompt.py::test_a_passphrase_is_not_shown_and_echo_comes_back",),
    ),
    Weakness(
        "a passphrase is shown on the screen after a pause",
        (
            (
                "cli/hidden.py",
                "signal.signal(signal.SIGCONT, self._ask)",
                "signal.signal(signal.SIGCONT, lambda *_: os.write(2, self._question))",
            ),
        ),
        ("cli/test_jobs.py::test_a_passphrase_is_not_shown_after_a_pause",),
    ),
)
