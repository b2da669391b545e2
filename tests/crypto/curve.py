"""Ed25519 from the textbook: affine points, one inversion each step.

The oracle for the program's own arithmetic, slow and written differently on purpose.
"""

from functools import cache

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

Point = tuple[int, int]

IDENTITY: Point = (0, 1)
BASE: Point = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    4 * pow(5, -1, P) % P,
)


def add(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    cross = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + cross, -1, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - cross, -1, P) % P
    return x, y


def times(scalar: int, point: Point) -> Point:
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def encode(point: Point) -> bytes:
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def raw(y: int, sign: int = 0) -> bytes:
    """Any y below 2**255 and a sign, whatever it means."""
    return (y | sign << 255).to_bytes(32, "little")


def is_on_curve(y: int) -> bool:
    """Does some x belong to this y? By Euler's criterion."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    return pow(square, (P - 1) // 2, P) in (0, 1)


def is_prime_order(y: int) -> bool:
    """Has a point with this y the order l?"""
    point = (_x(y), y)
    return point != IDENTITY and times(ORDER, point) == IDENTITY


@cache
def torsion() -> list[Point]:
    """The eight points whose order divides 8; the first is the identity."""
    y = next(y for y in range(2, P) if is_on_curve(y))
    generator = times(ORDER, (_x(y), y))
    points = [IDENTITY]
    while (following := add(points[-1], generator)) != IDENTITY:
        points.append(following)
    return points


def _x(y: int) -> int:
    """A square root modulo p = 5 (mod 8)."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    return root if root * root % P == square else root * pow(2, (P - 1) // 4, P) % P
