"""A stranger who has the address."""

from tests.mutants.claims.weakness import Weakness

WEAKNESSES = (
    Weakness(
        "who waits in the line of strangers is worked for without a rest",
        (("node/attention.py", "REST = 7.0", "REST = 0.0"),),
        ("node/test_attention.py::test_after_each_there_is_a_rest_of_so_many_times_what_it_took",),
    ),
)
