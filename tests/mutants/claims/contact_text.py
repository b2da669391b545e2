"""A contact: what they write, on its way to a terminal."""

from tests.mutants.claims.weakness import Weakness

_HOSTILE, _EVERY = "cli/test_hostile.py", "cli/test_every_command.py"

WEAKNESSES = (
    Weakness(
        "every character is shown as it is",
        (("cli/cells.py", "if text.isascii() and text.isprintable():", "if True:"),),
        (
            "cli/test_render.py::test_any_text_is_harmless",
            f"{_EVERY}::test_a_hostile_answer_is_only_text",
            f"{_EVERY}::test_a_hostile_error_is_only_text",
        ),
    ),
    Weakness(
        "a direction that is turned around stays so",
        (("cli/cells.py", 'frozenset({"Cc", "Cf", ', 'frozenset({"Cc", '),),
        (
            "cli/test_render.py::test_any_text_is_harmless",
            f"{_HOSTILE}::test_received_texts_stay_in_their_place",
            f"{_HOSTILE}::test_history_stays_in_its_place",
        ),
    ),
    Weakness(
        "a text goes on at the first column",
        (
            (
                "cli/render.py",
                'return head + f"\\n{GUTTER}".join(',
                'return head + "\\n".join(',
            ),
        ),
        (
            f"{_HOSTILE}::test_received_texts_stay_in_their_place",
            f"{_HOSTILE}::test_history_stays_in_its_place",
        ),
    ),
    Weakness(
        "what an error says may be more than one line",
        (
            (
                "cli/output.py",
                'f"onionchat: {line(error.message)}"',
                'f"onionchat: {error.message}"',
            ),
        ),
        (f"{_EVERY}::test_a_hostile_error_is_only_text",),
    ),
)
