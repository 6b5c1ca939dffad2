"""JSON as the ledger reads it, and its canonical form.

    parse(text) -> value        Refusal(kind) with a kind of REFUSALS
    canonical(value) -> str     keys by their UTF-8 bytes, the text that is hashed
    encode(value, ordered)      compact text, keys as they stand unless `ordered`

Values: dict, list, str, bool, None, int (an integer of i64 or u64), float (every other number:
a literal with `.`, `e` or `E`, `-0`, or an integer outside those ranges).
"""

from __future__ import annotations

import re
from typing import Any

MAX_DEPTH = 127  # containers around a value, the outermost counted as 1

REFUSALS = ("utf8", "syntax", "depth", "lone_surrogate", "number_overflow", "duplicate_key")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
WORDS = {"true": True, "false": False, "null": None}
UNESCAPE = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
SPACE = re.compile(r"[ \t\n\r]*")
UNIT = re.compile(r"\\u([0-9a-fA-F]{4})")


class Refusal(Exception):
    """The text is not JSON as the ledger reads it; `kind` is one of REFUSALS."""

    def __init__(self, kind: str):
        super().__init__(kind)
        self.kind = kind


class Parser:
    """Reads one document and stops at the first byte that is wrong, be it syntax or depth.

    A repeated key is only noted in `duplicate` (the first value stays): it counts once the whole
    document has been read.
    """

    def __init__(self, text: str):
        self.text, self.at, self.duplicate = text, 0, False

    def document(self, top: str = "") -> Any:
        """The only value of the text; with `top` it has to start with one of these characters."""
        self.space()
        if top and self.peek() not in tuple(top):
            raise Refusal("syntax")
        value = self.value(0)
        self.space()
        if self.at != len(self.text):
            raise Refusal("syntax")
        return value

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def space(self) -> None:
        self.at = SPACE.match(self.text, self.at).end()

    def take(self, character: str) -> bool:
        found = self.peek() == character
        self.at += found
        return found

    def expect(self, character: str) -> None:
        if not self.take(character):
            raise Refusal("syntax")

    def value(self, depth: int) -> Any:
        first = self.peek()
        if first in ("{", "["):
            if depth == MAX_DEPTH:
                raise Refusal("depth")
            self.at += 1
            return self.members(depth + 1) if first == "{" else self.items(depth + 1)
        if first == '"':
            return self.string()
        for word, value in WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        return self.number()

    def members(self, depth: int) -> dict:
        members: dict[str, Any] = {}
        self.space()
        if self.take("}"):
            return members
        while True:
            self.space()
            if self.peek() != '"':
                raise Refusal("syntax")
            key = self.string()
            self.space()
            self.expect(":")
            self.space()
            value = self.value(depth)
            self.duplicate |= key in members
            members.setdefault(key, value)
            self.space()
            if self.take("}"):
                return members
            self.expect(",")

    def items(self, depth: int) -> list:
        items: list[Any] = []
        self.space()
        if self.take("]"):
            return items
        while True:
            self.space()
            items.append(self.value(depth))
            self.space()
            if self.take("]"):
                return items
            self.expect(",")

    def string(self) -> str:
        parts = []
        self.at += 1
        while True:
            run = PLAIN.match(self.text, self.at)
            parts.append(run.group())
            self.at = run.end()
            if self.take('"'):
                return "".join(parts)
            if self.peek() != "\\":
                raise Refusal("syntax")
            parts.append(self.escape())

    def escape(self) -> str:
        mark = self.text[self.at + 1 : self.at + 2]
        if mark != "u":
            if mark not in UNESCAPE:
                raise Refusal("syntax")
            self.at += 2
            return UNESCAPE[mark]
        unit = self.unit()
        if not 0xD800 <= unit <= 0xDFFF:
            return chr(unit)
        low = self.unit() if unit < 0xDC00 and self.text.startswith("\\u", self.at) else 0
        if not 0xDC00 <= low <= 0xDFFF:
            raise Refusal("lone_surrogate")
        return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))

    def unit(self) -> int:
        digits = UNIT.match(self.text, self.at)
        if not digits:
            raise Refusal("syntax")
        self.at = digits.end()
        return int(digits.group(1), 16)

    def number(self) -> int | float:
        literal = NUMBER.match(self.text, self.at)
        if not literal:
            raise Refusal("syntax")
        self.at = literal.end()
        text = literal.group()
        if not literal.group(1) and not literal.group(2) and text != "-0" and len(text) <= 20:
            if -(2**63) <= int(text) < 2**64:
                return int(text)
        double = float(text)
        if double in (float("inf"), float("-inf")):
            raise Refusal("number_overflow")
        return double


def decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal("utf8") from None


def parse(text: str) -> Any:
    """The value of a whole JSON text."""
    parser = Parser(text)
    value = parser.document()
    if parser.duplicate:
        raise Refusal("duplicate_key")
    return value


ESCAPE = {chr(code): f"\\u{code:04x}" for code in range(0x20)}
ESCAPE |= {character: "\\" + mark for mark, character in UNESCAPE.items() if mark != "/"}


def encode(value: Any, ordered: bool) -> str:
    """Compact JSON text; object keys by their UTF-8 bytes if `ordered`, else as they stand."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return double_text(value)
    if isinstance(value, str):
        return '"' + "".join(ESCAPE.get(character, character) for character in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(encode(item, ordered) for item in value) + "]"
    keys = sorted(value, key=lambda key: key.encode()) if ordered else value
    return "{" + ",".join(encode(key, ordered) + ":" + encode(value[key], ordered) for key in keys) + "}"


def canonical(value: Any) -> str:
    return encode(value, ordered=True)


def double_text(value: float) -> str:
    """The digits of `repr` (shortest that round-trip), laid out by the position of the point.

    value = 0.DIGITS * 10^point. Decimal notation for -5 < point <= 16, else exponent.
    """
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    sign = "-" if str(value).startswith("-") else ""
    if not digits:
        return sign + "0.0"
    if point <= -5 or point > 16:
        rest = "." + digits[1:] if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{rest}e{point - 1:+d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return f"{sign}{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"
