"""Ed25519 verification by the strict rule, in whole numbers: RFC 8032, section 5.1, and `docs/format.md`.

    judge(public_key, message, signature) -> str    the first of CLASSES that is true; "holds" if none else is

No library but SHA-512. Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z (section 5.1.4). Neither fast nor
constant in time, which a check of public data need not be.
"""

from __future__ import annotations

import hashlib

CLASSES = (
    "length",  # a key that is not 32 bytes or a signature that is not 64
    "a_not_canonical",  # y >= p, or the sign bit where x = 0
    "a_not_on_curve",
    "a_small_order",
    "s_not_below_l",
    "r_not_canonical",
    "r_not_on_curve",
    "r_small_order",
    "cofactored_only",  # [S]B = R + [k]A is true of 8 times both sides only
    "equation",  # not even then
    "holds",
)

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)

Point = tuple[int, int, int, int]
IDENTITY: Point = (0, 1, 1, 0)


class Refused(Exception):
    """An encoding of no point: `not_canonical` or `not_on_curve`."""


def judge(public_key: bytes, message: bytes, signature: bytes) -> str:
    if len(public_key) != 32 or len(signature) != 64:
        return "length"
    try:
        a = decode(public_key)
    except Refused as refused:
        return f"a_{refused}"
    if is_identity(eightfold(a)):
        return "a_small_order"
    encoded_r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= L:
        return "s_not_below_l"
    try:
        r = decode(encoded_r)
    except Refused as refused:
        return f"r_{refused}"
    if is_identity(eightfold(r)):
        return "r_small_order"
    k = int.from_bytes(hashlib.sha512(encoded_r + public_key + message).digest(), "little") % L
    wanted = add(multiply(s, BASE), negate(multiply(k, a)))
    if encode(wanted) == encoded_r:
        return "holds"
    return "cofactored_only" if is_identity(eightfold(add(wanted, negate(r)))) else "equation"


def decode(encoded: bytes) -> Point:
    """Section 5.1.3, with the checks in its order."""
    number = int.from_bytes(encoded, "little")
    y, sign = number % 2**255, number >> 255
    if y >= P:
        raise Refused("not_canonical")
    u, v = y * y - 1, D * y * y + 1
    x = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    if (v * x * x + u) % P == 0:
        x = x * SQRT_MINUS_1 % P
    if (v * x * x - u) % P != 0:
        raise Refused("not_on_curve")
    if x == 0 and sign:
        raise Refused("not_canonical")
    if x % 2 != sign:
        x = P - x
    return x, y, 1, x * y % P


def encode(point: Point) -> bytes:
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y + (x % 2) * 2**255).to_bytes(32, "little")


def add(one: Point, other: Point) -> Point:
    """Section 5.1.4; complete, so that it also doubles."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def negate(point: Point) -> Point:
    x, y, z, t = point
    return -x % P, y, z, -t % P


def multiply(times: int, point: Point) -> Point:
    product = IDENTITY
    while times:
        if times & 1:
            product = add(product, point)
        point = add(point, point)
        times >>= 1
    return product


def eightfold(point: Point) -> Point:
    return multiply(8, point)


def is_identity(point: Point) -> bool:
    x, y, z, _ = point
    return x == 0 and (y - z) % P == 0


BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
assert is_identity(multiply(L, BASE)) and not is_identity(eightfold(BASE))
