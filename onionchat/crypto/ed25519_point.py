"""Is this a key at all? The check that no library does for us.

An onion address holds 32 bytes that somebody else chose. `cryptography` loads any of them,
and with a point of small order one signature is good for every message, one shared secret
for every partner. So each foreign key is checked before it is used: canonical encoding, on
the curve, not the identity, and in the subgroup of prime order (RFC 8032 5.1.3 for the
decoding; the subgroup check is l*P = 0). About 2 ms in pure Python.

Nothing here touches a secret, so nothing has to run in constant time. But no verdict is
remembered: whoever names somebody in a handshake could tell by the time that takes whether
that key was here before (docs/decisions/0007).
"""

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, P) % P
_SQRT_M1 = pow(2, (P - 1) // 4, P)

_Point = tuple[int, int, int, int]
"""Extended coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z, T = XY/Z."""

_IDENTITY: _Point = (0, 1, 1, 0)


def is_valid_key(key: bytes) -> bool:
    """May these bytes be an identity? True only for a canonical point of prime order."""
    point = _decode(key)
    return point is not None and not _is_identity(point) and _is_identity(_times(ORDER, point))


def montgomery(key: bytes) -> bytes:
    """The X25519 image of a valid Ed25519 key: u = (1 + y) / (1 - y) (RFC 7748, 4.1)."""
    y = int.from_bytes(key, "little") & (2**255 - 1)
    return ((1 + y) * pow(1 - y, -1, P) % P).to_bytes(32, "little")


def _decode(key: bytes) -> _Point | None:
    if len(key) != 32:
        return None
    encoded = int.from_bytes(key, "little")
    sign, y = encoded >> 255, encoded & (2**255 - 1)
    if y >= P:
        return None
    x = _recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def _recover_x(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(_D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * _SQRT_M1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def _is_identity(point: _Point) -> bool:
    x, y, z, _ = point
    return x == 0 and y == z


def _times(scalar: int, point: _Point) -> _Point:
    result = _IDENTITY
    for bit in bin(scalar)[2:]:
        result = _add(result, result)
        if bit == "1":
            result = _add(result, point)
    return result


def _add(one: _Point, other: _Point) -> _Point:
    """The complete addition of RFC 8032, 5.1.4: right for every pair of points."""
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = other
    a = (y1 - x1) * (y2 - x2) % P
    b = (y1 + x1) * (y2 + x2) % P
    c = 2 * t1 * t2 * _D % P
    d = 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)
