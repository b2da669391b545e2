import pytest
from hypothesis import given
from hypothesis import strategies as st

from onionchat.tor.events import (
    Bootstrap,
    Circuits,
    ClockDoubted,
    ClockJumped,
    ClockSkew,
    Descriptor,
    Event,
    Introduction,
    Liveness,
    Signal,
    parse,
)

ID = "aoqqpp7tzyil4hlq3umoos6atft6jvrqtosq2xy53sdgiesvgg4bqead"
HSDIR = "A" * 40


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (
            'STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=75 TAG=conn SUMMARY="Loaded \\"x\\""',
            Bootstrap(75, "conn", 'Loaded "x"', None),
        ),
        (
            'STATUS_CLIENT WARN BOOTSTRAP PROGRESS=5 TAG=conn SUMMARY="C" WARNING="Gone" COUNT=5',
            Bootstrap(5, "conn", "C", "Gone"),
        ),
        ("STATUS_CLIENT NOTICE CIRCUIT_ESTABLISHED", Circuits(True)),
        ("STATUS_CLIENT NOTICE CIRCUIT_NOT_ESTABLISHED REASON=CLOCK_JUMPED", Circuits(False)),
        ("STATUS_GENERAL WARN CLOCK_SKEW SKEW=-3600 SOURCE=DIRSERV:1.2.3.4:80", ClockSkew(-3600)),
        (
            (
                "WARN Certificate already expired. Either their clock is set wrong, "
                "or your clock is wrong."
            ),
            ClockDoubted(),
        ),
        ("WARN Received a bad CERTS cell: The legacy RSA ID certificate was not valid", None),
        ("STATUS_GENERAL NOTICE CLOCK_JUMPED TIME=200", ClockJumped(200)),
        ("NETWORK_LIVENESS UP", Liveness(True)),
        ("NETWORK_LIVENESS DOWN", Liveness(False)),
        ("SIGNAL NEWNYM", Signal("NEWNYM")),
        (
            f"HS_DESC CREATED {ID} UNKNOWN UNKNOWN blinded",
            Descriptor("CREATED", ID, "UNKNOWN", "blinded"),
        ),
        (
            f"HS_DESC UPLOAD {ID} UNKNOWN ${HSDIR}~relay blinded HSDIR_INDEX=FF",
            Descriptor("UPLOAD", ID, HSDIR, "blinded"),
        ),
        (f"HS_DESC UPLOADED {ID} UNKNOWN ${HSDIR}~relay", Descriptor("UPLOADED", ID, HSDIR)),
        (
            f"HS_DESC FAILED {ID} NO_AUTH ${HSDIR}=relay blinded REASON=UPLOAD_REJECTED",
            Descriptor("FAILED", ID, HSDIR, "blinded", "UPLOAD_REJECTED"),
        ),
        ("STATUS_CLIENT NOTICE ENOUGH_DIR_INFO", None),
        ("STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=x", None),
        ("STATUS_CLIENT NOTICE BOOTSTRAP", None),
        ("STATUS_CLIENT", None),
        ("HS_DESC UPLOAD", None),
        (
            f"CIRC 5 BUILT $A~r,$B~s PURPOSE=HS_SERVICE_INTRO HS_STATE=X REND_QUERY={ID} TIME=Y",
            Introduction("5", True, ID),
        ),
        ("CIRC 5 CLOSED $A~r PURPOSE=HS_SERVICE_INTRO REASON=DESTROYED", Introduction("5", False)),
        ("CIRC 5 FAILED REASON=TIMEOUT", Introduction("5", False)),
        ("CIRC 5 BUILT $A~r PURPOSE=HS_SERVICE_REND REND_QUERY=x", None),
        ("CIRC 5 BUILT $A~r PURPOSE=HS_SERVICE_INTRO", None),
        ("CIRC 5 BUILT", None),
        ("CIRC 5", None),
        ("", None),
    ],
)
def test_a_line(line: str, event: Event | None) -> None:
    assert parse(line) == event


KINDS = st.sampled_from(
    ["CIRC ", "STATUS_CLIENT ", "STATUS_GENERAL ", "HS_DESC ", "SIGNAL ", "WARN ", ""]
)


@given(KINDS, st.text())
def test_no_line_ends_the_reading(kind: str, rest: str) -> None:
    parse(kind + rest)


def test_an_address_does_not_print() -> None:
    assert ID not in repr(parse(f"HS_DESC UPLOADED {ID} UNKNOWN ${HSDIR}~relay"))
    assert ID not in repr(parse(f"CIRC 5 BUILT PURPOSE=HS_SERVICE_INTRO REND_QUERY={ID}"))
