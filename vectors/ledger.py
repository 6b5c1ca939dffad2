"""Ledger format v1 a second time: seal and verifier.

Written from the text of `docs/format.md` alone and sharing no code with `crates/`, so that an error
in the Rust core and the same error here are unlikely. Slow and plain on purpose: it holds the file in
memory, reads lines one by one and checks each signature by OpenSSL (through `cryptography`).

    seal(seed, ...) -> str          one ledger line, without its LF
    verify(data, options) -> dict   the report; options as in `verifyFile`

A verdict `error` stands for what a library would throw: the ledger could not be checked.
"""

from __future__ import annotations

import copy
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any, Iterator

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from strict_json import Parser, Refusal, canonical, decode, encode

GENESIS = "0" * 64
MAX_LINE_BYTES = 16 * 1024 * 1024  # without the LF
LARGEST = {"seq": 2**53 - 1, "u32": 2**32 - 1, "u64": 2**64 - 1}
HEX_DIGITS = {"hex64": 64, "hex128": 128}

LINE = {
    "seq": "seq",
    "timestamp_nanos": "u64",
    "event": "object",
    "parent_hash": "hex64",
    "self_hash": "hex64",
    "signature": "hex128",
    "signer_pubkey": "hex64",
}
EVENT = {"type": "kind", "payload": "object"}
CORE = {
    "SessionStarted": {"agent_id": "string", "model_id": "string", "session_id": "string"},
    "UtteranceCaptured": {"audio_sha256": "string", "transcript": "string", "lang": "string", "duration_ms": "u64"},
    "ToolCalled": {"tool_name": "string", "args_sha256": "string", "args_redacted": "any"},
    "ToolReturned": {"tool_name": "string", "result_sha256": "string", "latency_ms": "u64", "success": "bool"},
    "ModelInvoked": {
        "model_id": "string",
        "prompt_sha256": "string",
        "response_sha256": "string",
        "prompt_tokens": "u32",
        "response_tokens": "u32",
    },
    "UtteranceSpoken": {"text_sha256": "string", "text": "string", "audio_sha256": "string"},
    "SessionEnded": {"reason": "string", "summary_sha256": "string"},
}
KINDS = CORE | {
    "Custom": {"name": "string", "data": "any"},
    "KeyRotated": {"old_key": "hex64", "new_key": "hex64", "first_hash": "string", "proof": "hex128"},
    "LedgerRestored": {"known_seq": "u64", "known_hash": "string", "reason": "string"},
    "LedgerPruned": {"count": "u64", "last_seq": "u64", "last_hash": "string", "first_hash": "string"},
    "SessionSealed": {"session_id": "string", "count": "u64", "head_seq": "u64", "head_hash": "string"},
    "Heartbeat": {"session_id": "string", "interval_ms": "u64"},
    "PayloadErased": {"commitment": "string", "reason": "string"},
    "TokenIssued": {"jti": "string", "issuer": "string", "status": "string", "signing_input_sha256": "string"},
}
MAY_BE_EMPTY = {("UtteranceSpoken", "audio_sha256"), ("SessionEnded", "summary_sha256"), ("SessionSealed", "head_hash")}

KIND_NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")
BLANK = re.compile(rb"[ \t\r]*")


# --- Ed25519, strict ----------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
# The eight points of small order have five y: 1 (identity), -1 (order 2), 0 (order 4) and, for order 8,
# the roots of d*y^4 + 2*y^2 - 1 that lie on the curve: plus and minus this one.
ORDER_8_Y = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
SMALL_ORDER_Y = {0, 1, P - 1, ORDER_8_Y, P - ORDER_8_Y}
assert (D * ORDER_8_Y**4 + 2 * ORDER_8_Y**2 - 1) % P == 0


def is_strict_point(encoding: bytes) -> bool:
    """Canonical and not of small order. (x = 0 with the sign bit set only occurs at y = 1 and y = -1.)"""
    y = int.from_bytes(encoding, "little") & (2**255 - 1)
    return y < P and y not in SMALL_ORDER_Y


def signature_holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """S below L, A and R strict, and S*B = R + k*A without the cofactor (OpenSSL compares R's bytes)."""
    if int.from_bytes(signature[32:], "little") >= L:
        return False
    if not is_strict_point(public_key) or not is_strict_point(signature[:32]):
        return False
    return openssl_accepts(public_key, message, signature)


def openssl_accepts(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key(seed: bytes) -> str:
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


# --- lines --------------------------------------------------------------------------------------


def self_hash(seq: Any, nanos: Any, event: Any, parent_hash: Any) -> str:
    signed = {"event": event, "parent_hash": parent_hash, "seq": seq, "timestamp_nanos": nanos}
    return hashlib.sha256(canonical(signed).encode()).hexdigest()


def written(line: dict) -> str:
    """The text the writer gives these fields: tables' order outside, free values as they stand."""
    event = line["event"]
    payload = event["payload"]
    fields = KINDS.get(event["type"], payload)
    event = {"type": event["type"], "payload": {name: payload[name] for name in fields}}
    return encode({name: line[name] for name in LINE} | {"event": event}, ordered=False)


def seal(seed: bytes, seq: int, nanos: int, parent_hash: str, event: dict) -> str:
    digest = self_hash(seq, nanos, event, parent_hash)
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(bytes.fromhex(digest))
    line = {"seq": seq, "timestamp_nanos": nanos, "event": event, "parent_hash": parent_hash}
    return written(line | {"self_hash": digest, "signature": signature.hex(), "signer_pubkey": public_key(seed)})


# --- verification -------------------------------------------------------------------------------

FAULTS = (
    "duplicate_key", "unsigned_field", "missing_field", "wrong_type", "out_of_range", "non_canonical_hex",
    "unexpected_kind", "seq_mismatch", "parent_mismatch", "hash_mismatch", "bad_signature",
    "untrusted_signer", "rotation_unendorsed", "first_mismatch", "spelling", "head_mismatch",
)  # fmt: skip
ERRORS = ("ERR_LINE_TOO_LONG", "ERR_LEDGER_MALFORMED", "ERR_DEPTH_EXCEEDED")


@dataclass(frozen=True)
class Place:
    line: int | None  # from 1
    offset: int  # of the line's first byte


class Stop(Exception):
    """Reading ends: `code` is one of FAULTS (the ledger is broken) or of ERRORS (it cannot be checked)."""

    def __init__(self, code: str, place: Place | None = None, seq: int | None = None):
        super().__init__(code)
        self.code, self.place, self.seq = code, place, seq


@dataclass
class Accepted:
    """What the accepted lines add up to: a value, so that one event can be taken back."""

    count: int = 0
    checked: int = 0
    last: dict | None = None
    start: dict | None = None  # the event that the caller trusts: seq, hash
    first_hash: str | None = None
    extended: bool = False
    times: list[int] = field(default_factory=list)  # earliest, latest
    signers: dict[str, list[int]] = field(default_factory=dict)  # key: first and last seq
    kinds: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    open: dict[str, None] = field(default_factory=dict)  # ids of sessions, in the order they began
    unfollowed: int = 0
    warnings: dict[str, list[int]] = field(default_factory=dict)  # code: count, first line

    @property
    def root(self) -> str:
        return self.last["self_hash"] if self.last else GENESIS

    @property
    def parent(self) -> str:
        return self.start["hash"] if self.start and not self.last else self.root

    @property
    def known_first(self) -> str | None:
        """Hash of the ledger's event 0, read or trusted."""
        return self.start["hash"] if self.start and self.start["seq"] == 0 else self.first_hash

    @property
    def first_seq(self) -> int:
        return self.start["seq"] + 1 if self.start else 0

    @property
    def next_seq(self) -> int:
        return self.first_seq + self.count

    def warn(self, code: str, place: Place) -> None:
        self.warnings.setdefault(code, [0, place.line])[0] += 1

    def add(self, line: dict, place: Place, signature_checked: bool) -> None:
        kind, nanos, signer = line["event"]["type"], line["timestamp_nanos"], line["signer_pubkey"]
        if self.last and nanos < self.last["timestamp_nanos"]:
            self.warn("time_went_back", place)
        if self.last and signer != next_signer(self.last):
            self.warn("mixed_signers", place)
        if has_malformed_digest(line["event"]):
            self.warn("malformed_digest", place)
        if kind == "LedgerRestored":
            self.warn("ledger_restored", place)
        if kind not in KINDS:
            self.warn("unknown_kind", place)
            self.unknown[kind] = self.unknown.get(kind, 0) + 1
        else:
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
        self.extended |= kind not in CORE
        session = line["event"]["payload"].get("session_id") if kind in ("SessionStarted", "SessionSealed") else None
        if kind == "SessionSealed":
            self.open.pop(session, None)
        elif kind == "SessionStarted" and session not in self.open:
            if len(self.open) < 4096 and len(session.encode()) <= 256:
                self.open[session] = None
            else:
                self.unfollowed += 1
        self.times = [min([*self.times[:1], nanos]), max([*self.times[1:], nanos])]
        self.signers.setdefault(signer, [line["seq"], 0])[1] = line["seq"]
        if line["seq"] == 0:
            self.first_hash = line["self_hash"]
        self.last = line
        self.count += 1
        self.checked += signature_checked


def has_malformed_digest(event: dict) -> bool:
    kind, payload = event["type"], event["payload"]
    return any(
        name.endswith(("_sha256", "_hash", "commitment"))
        and not is_hex(payload[name], 64)
        and not (payload[name] == "" and (kind, name) in MAY_BE_EMPTY)
        for name in KINDS.get(kind, {})
    )


def is_hex(text: str, digits: int) -> bool:
    return re.fullmatch("[0-9a-f]{%d}" % digits, text) is not None


def parse_line(raw: bytes, limit: int) -> tuple[dict, bool]:
    """The object of a line, and whether a key in it is repeated."""
    if len(raw) > limit:
        raise Stop("ERR_LINE_TOO_LONG")
    try:
        parser = Parser(decode(raw))
        return parser.document(top="{"), parser.duplicate
    except Refusal as refusal:
        raise Stop("ERR_DEPTH_EXCEEDED" if refusal.kind == "depth" else "ERR_LEDGER_MALFORMED") from None


def containers(line: dict) -> Iterator[tuple[dict, dict[str, str]]]:
    """Each object whose keys are fixed, with its table. What is not an object has no keys."""
    yield line, LINE
    event = line.get("event")
    if isinstance(event, dict):
        yield event, EVENT
        kind, payload = event.get("type"), event.get("payload")
        if isinstance(kind, str) and kind in KINDS and isinstance(payload, dict):
            yield payload, KINDS[kind]


def has_type(value: Any, wanted: str) -> bool:
    if wanted in LARGEST:
        return type(value) is int
    if wanted == "kind":
        return isinstance(value, str) and KIND_NAME.fullmatch(value) is not None
    types = {"object": dict, "bool": bool, "any": object}
    return isinstance(value, types.get(wanted, str))


def check_fields(line: dict, repeated: bool, core_only: bool) -> None:
    """The checks of one line's shape, each over the whole line before the next."""
    tables = list(containers(line))
    if repeated:
        raise Stop("duplicate_key")
    if any(set(members) - set(table) for members, table in tables):
        raise Stop("unsigned_field")
    if any(set(table) - set(members) for members, table in tables):
        raise Stop("missing_field")
    values = [(members[name], wanted) for members, table in tables for name, wanted in table.items()]
    if not all(has_type(value, wanted) for value, wanted in values):
        raise Stop("wrong_type")
    if not all(0 <= value <= LARGEST[wanted] for value, wanted in values if wanted in LARGEST):
        raise Stop("out_of_range")
    if not all(is_hex(value, HEX_DIGITS[wanted]) for value, wanted in values if wanted in HEX_DIGITS):
        raise Stop("non_canonical_hex")
    if core_only and line["event"]["type"] not in CORE:
        raise Stop("unexpected_kind")


def check_link(line: dict, seq: int, parent_hash: str) -> None:
    if line["seq"] != seq:
        raise Stop("seq_mismatch")
    if line["parent_hash"] != parent_hash:
        raise Stop("parent_mismatch")
    if self_hash(line["seq"], line["timestamp_nanos"], line["event"], line["parent_hash"]) != line["self_hash"]:
        raise Stop("hash_mismatch")


def next_signer(line: dict) -> str:
    return line["event"]["payload"]["new_key"] if line["event"]["type"] == "KeyRotated" else line["signer_pubkey"]


def is_on_curve(encoding: bytes) -> bool:
    y = int.from_bytes(encoding, "little") & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P  # x^2
    return square == 0 or pow(square, (P - 1) // 2, P) == 1


def check_rotation(line: dict, first_hash: str | None) -> None:
    """`first_hash` is that of the ledger's first event, None where reading started farther behind."""
    fields = line["event"]["payload"]
    old, new = fields["old_key"], fields["new_key"]
    stated = {"first_hash": fields["first_hash"], "new_key": new, "old_key": old, "seq": line["seq"]}
    signed = b"sealwright/key-rotation/v1\n" + canonical(stated).encode()
    usable = is_strict_point(bytes.fromhex(new)) and is_on_curve(bytes.fromhex(new))
    is_first = is_hex(fields["first_hash"], 64) if first_hash is None else fields["first_hash"] == first_hash
    agreed = old == line["signer_pubkey"] and new != old and usable and is_first
    if not agreed or not signature_holds(bytes.fromhex(new), signed, bytes.fromhex(fields["proof"])):
        raise Stop("rotation_unendorsed")


def check_signature(line: dict) -> None:
    key, message, signature = (bytes.fromhex(line[name]) for name in ("signer_pubkey", "self_hash", "signature"))
    if not signature_holds(key, message, signature):
        raise Stop("bad_signature")


class Verifier:
    def __init__(self, data: bytes, options: dict):
        self.data, self.options = data, options
        self.limit = options.get("maxLineBytes", MAX_LINE_BYTES)
        self.exact = options.get("spelling") == "exact"
        self.every_signature = options.get("signatures", "all") == "all"
        self.accepted = Accepted(start=options.get("startAfter"))
        self.places: list[tuple[Place, str]] = []  # by seq, from the first one here: place, self_hash
        self.unsettled: tuple[dict, Place, Accepted] | None = None  # last event, its signature not yet checked
        self.tail: dict | None = None
        self.head_matched = False
        self.trusted = set(options["signers"]) if "signers" in options else None

    def run(self) -> dict:
        try:
            try:
                for place, raw, terminated in self.lines():
                    self.read(place, raw, terminated)
            finally:
                self.settle()  # a bad signature of the last accepted event precedes whatever stopped us
            self.compare_ends()
        except Stop as stop:
            return self.report(stop)
        return self.report(None)

    def lines(self) -> Iterator[tuple[Place, bytes, bool]]:
        start, number = 0, 0
        while start < len(self.data):
            number += 1
            end = self.data.find(b"\n", start)
            raw = self.data[start:end] if end >= 0 else self.data[start:]
            yield Place(number, start), raw, end >= 0
            start += len(raw) + 1

    def read(self, place: Place, raw: bytes, terminated: bool) -> None:
        try:
            if len(raw) <= self.limit and BLANK.fullmatch(raw):
                self.blank(place)
            elif terminated or self.is_whole_event(raw):
                self.event(place, raw, terminated)
            else:
                self.tail = {"offset": place.offset, "bytes": len(raw)}
        except Stop as stop:
            stop.place = stop.place or place
            raise

    def is_whole_event(self, raw: bytes) -> bool:
        """Whether bytes without an LF are an event of this ledger, whatever the options ask for."""
        try:
            line, repeated = parse_line(raw, self.limit)
            check_fields(line, repeated, core_only=False)
            check_link(line, self.accepted.next_seq, self.accepted.parent)
            check_signature(line)
        except Stop:
            return False
        return True

    def event(self, place: Place, raw: bytes, terminated: bool) -> None:
        line, repeated = parse_line(raw, self.limit)
        check_fields(line, repeated, core_only=self.options.get("events") == "core")
        check_link(line, self.accepted.next_seq, self.accepted.parent)
        check_now = self.every_signature or not terminated
        if check_now:
            check_signature(line)
        if self.trusted is not None and line["signer_pubkey"] not in self.trusted:
            raise Stop("untrusted_signer")
        is_rotation = line["event"]["type"] == "KeyRotated"
        if is_rotation:
            check_rotation(line, GENESIS if line["seq"] == 0 else self.accepted.known_first)
        if self.accepted.count == 0 and line["self_hash"] != self.options.get("expectedFirst", line["self_hash"]):
            raise Stop("first_mismatch")
        as_written = raw == written(line).encode()
        if self.exact and not as_written:
            raise Stop("spelling")
        if self.accepted.last and self.accepted.last["signer_pubkey"] != line["signer_pubkey"]:
            self.settle()
        self.unsettled = None if check_now else (line, place, copy.deepcopy(self.accepted))
        if not as_written:
            self.accepted.warn("non_canonical_spelling", place)
        self.accepted.add(line, place, signature_checked=check_now)
        self.places.append((place, line["self_hash"]))
        if is_rotation and self.trusted is not None:
            self.trusted = self.trusted - {line["signer_pubkey"]} | {next_signer(line)}

    def blank(self, place: Place) -> None:
        """Skipped, but the writer never leaves one."""
        if self.exact:
            raise Stop("spelling")
        self.accepted.warn("non_canonical_spelling", place)

    def settle(self) -> None:
        """Checks the last signature of a run of one signer; a bad one takes its event back."""
        if self.unsettled is None:
            return
        (line, place, before), self.unsettled = self.unsettled, None
        try:
            check_signature(line)
        except Stop as stop:
            self.accepted, self.tail, stop.place = before, None, place
            raise
        self.accepted.checked += 1

    def compare_ends(self) -> None:
        end = Place(None, len(self.data))
        if "expectedFirst" in self.options and self.accepted.count == 0:
            raise Stop("first_mismatch", end)
        if "expectedHead" in self.options:
            head = self.options["expectedHead"]
            if not self.accepted.first_seq <= head["seq"] < self.accepted.next_seq:
                raise Stop("head_mismatch", end)
            place, found = self.places[head["seq"] - self.accepted.first_seq]
            if found != head["hash"]:
                raise Stop("head_mismatch", place, head["seq"])
            self.head_matched = True

    def report(self, stop: Stop | None) -> dict:
        accepted = self.accepted
        faulty = stop is not None and stop.code in FAULTS
        pinned = "signers" in self.options
        named = self.options.get("signers", [])
        if stop:
            verdict = "broken" if faulty else "error"
        elif accepted.count == 0:
            verdict = "empty"
        else:
            all_checked = accepted.checked == accepted.count
            nothing_left = all_checked and self.tail is None and not accepted.unknown and not accepted.start
            verdict = "verified" if pinned and self.head_matched and nothing_left else "intact"
        return {
            "verdict": verdict,
            "ok": None if verdict == "error" else not faulty,
            "eventCount": accepted.count,
            "brokenAt": None if not faulty else accepted.next_seq if stop.seq is None else stop.seq,
            "line": stop.place.line if stop else None,
            "byteOffset": stop.place.offset if stop else None,
            "code": stop.code if stop else None,
            "rootHash": accepted.root,
            "firstHash": accepted.first_hash,
            "head": {"seq": accepted.next_seq - 1, "hash": accepted.root} if accepted.count else None,
            "startedAfter": accepted.start,
            "signers": [
                {"publicKey": key, "first": first, "last": last, "pinned": key in named}
                for key, (first, last) in list(accepted.signers.items())[:64]
            ],
            "checks": {
                "signatures": {"mode": "all" if self.every_signature else "last", "checked": accepted.checked},
                "signer": "pinned" if pinned else "self-asserted",
                "head": "matched" if self.head_matched else "not-checked",
                "first": "matched" if accepted.count and "expectedFirst" in self.options else "not-checked",
            },
            "tail": self.tail,
            "events": "extended" if accepted.extended else "core",
            "kinds": dict(sorted(accepted.kinds.items())),
            "unknownKinds": dict(sorted(accepted.unknown.items())),
            "openSessions": {
                "count": len(accepted.open),
                "listed": list(accepted.open)[:64],
                "unfollowed": accepted.unfollowed,
            }
            if accepted.extended
            else None,
            "erased": accepted.kinds.get("PayloadErased", 0),
            "warnings": [
                {"code": code, "count": count, "firstLine": line}
                for code, (count, line) in sorted(accepted.warnings.items())
            ],
            "timeRange": {"from": str(accepted.times[0]), "to": str(accepted.times[1])} if accepted.times else None,
            "bytes": stop.place.offset if stop else len(self.data),
            "sha256": None if stop else hashlib.sha256(self.data).hexdigest(),
        }


def verify(data: bytes, options: dict | None = None) -> dict:
    """The report on the ledger `data` under the options of `verifyFile`."""
    return Verifier(data, options or {}).run()
