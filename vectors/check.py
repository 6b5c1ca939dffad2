#!/usr/bin/env python3
"""Recomputes and judges every golden vector, from the format's text and not from the Rust core.

What a pass proves: for each file in this folder the second implementation (`strict_json.py`, `ledger.py`,
`strict_ed25519.py`) gives exactly what the file states: canonical texts and digests, refusals with their class, sealed
lines byte for byte (Ed25519 is deterministic), the first condition that each signature fails, and the report on each
ledger under each set of options. It also holds that no ledger lacks an expectation and no expectation its ledger, that
only classes and codes of the closed sets occur, and that every code occurs at least once among the mutations, every
condition among the signatures.
What it does not prove: that the native code agrees; the tests in `crates/` and `__test__/` run the same files.

    python3 vectors/check.py [--partial] [folder]

A set that is missing is a failure, unless `--partial` is given (it is then named as absent).
One line per set, then `N passed, N failed`; exit status 1 on any failure, 2 on wrong usage.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Callable

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import ledger  # noqa: E402
import strict_ed25519  # noqa: E402
import strict_json  # noqa: E402
from strict_json import canonical, parse  # noqa: E402

OPTIONS = {
    "signers", "expectedHead", "expectedFirst", "startAfter", "signatures", "events", "spelling", "maxLineBytes",
}  # fmt: skip
CLASSES = ("verified", "intact", "empty", "broken", "error")
MUTATION_FIELDS = ("code", "line", "brokenAt", "eventCount", "byteOffset", "rootHash", "tail", "warnings")
VERDICT_FIELDS = ("verdict", "code", "line", "brokenAt", "eventCount")
WARNINGS = (
    "ledger_restored", "malformed_digest", "mixed_signers", "non_canonical_spelling", "time_went_back", "unknown_kind",
)  # fmt: skip


class Checks:
    """Counts vectors. A vector passes if every field compared for it is equal."""

    def __init__(self) -> None:
        self.passed = self.failed = 0

    def vector(self, name: str, judge: Callable[[], dict[str, tuple[Any, Any]]]) -> None:
        """`judge` gives, by field, the stated value and the recomputed one."""
        try:
            wrong = {field: pair for field, pair in judge().items() if not same(*pair)}
        except Exception as error:  # a vector that cannot be read fails; the others are still judged
            wrong = {"(vector)": ("well formed", f"{type(error).__name__}: {error}")}
        for field, (stated, recomputed) in wrong.items():
            print(f"FAIL {name}: {field}: stated {short(stated)}, recomputed {short(recomputed)}")
        self.passed += not wrong
        self.failed += bool(wrong)


def same(stated: Any, recomputed: Any) -> bool:
    """Equal in type too: 1, 1.0 and True are three values."""
    return canonical(stated) == canonical(recomputed)


def short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else text[:197] + "..."


def sha256(text: str | bytes) -> str:
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def rows(file: Path) -> list[tuple[str, dict]]:
    lines = file.read_text("utf-8").split("\n")
    name = f"{file.parent.name}/{file.name}"
    return [(f"{name}:{number}", json.loads(line)) for number, line in enumerate(lines, 1) if line]


def refusal(raw: bytes) -> str | None:
    try:
        parse(strict_json.decode(raw))
    except strict_json.Refusal as refused:
        return refused.kind
    return None


def report(file: Path, options: dict) -> dict:
    unknown = set(options) - OPTIONS
    if unknown:
        raise ValueError(f"unknown options {sorted(unknown)}")
    return ledger.verify(file.read_bytes(), options)


def same_names(expected: dict, folder: Path) -> dict[str, tuple[Any, Any]]:
    files = {file.stem for file in folder.glob("*.ndjson")}
    return {"lacks its file": ([], sorted(set(expected) - files)), "unexpected": ([], sorted(files - set(expected)))}


# --- our own sets -------------------------------------------------------------------------------


def check_canonical(folder: Path, checks: Checks) -> None:
    def good(row: dict) -> dict:
        text = canonical(parse(row["input"]))
        again = canonical(parse(row["canonical"]))
        fields = {"canonical": (row["canonical"], text), "sha256": (row["sha256"], sha256(text))}
        return fields | {"canonical of canonical": (row["canonical"], again)}

    def refuse(row: dict) -> dict:
        raw = bytes.fromhex(row["input_hex"]) if "input_hex" in row else row["input"].encode()
        known = {"class is known": (True, row["class"] in strict_json.REFUSALS)}
        return known | {"class": (row["class"], refusal(raw))}

    for name, row in rows(folder / "good.jsonl"):
        checks.vector(name, lambda: good(row))
    refused = rows(folder / "refuse.jsonl")
    for name, row in refused:
        checks.vector(name, lambda: refuse(row))
    classes = sorted({row["class"] for _, row in refused})
    checks.vector("canonical/refuse.jsonl", lambda: {"classes": (classes, sorted(strict_json.REFUSALS))})


def check_seals(folder: Path, checks: Checks) -> None:
    def seal(row: dict) -> dict:
        event = parse(row["event"])
        seed, nanos = bytes.fromhex(row["seed"]), int(row["timestamp_nanos"])
        line = ledger.seal(seed, row["seq"], nanos, row["parent_hash"], event)
        return {"line": (row["line"], line)}

    for name, row in rows(folder / "seals.jsonl"):
        checks.vector(name, lambda: seal(row))


# Where OpenSSL is not strict: it reduces y, reads a sign bit where x = 0, and takes points of small order.
OPENSSL_MAY_HOLD = {"a_not_canonical", "a_small_order", "r_small_order", "holds"}


def check_ed25519(folder: Path, checks: Checks) -> None:
    def signature(row: dict) -> dict:
        key, message, signed = (bytes.fromhex(row[field]) for field in ("public_key", "message", "signature"))
        why = strict_ed25519.judge(key, message, signed)
        openssl = ledger.openssl_accepts(key, message, signed)
        judged = {"why": (row["why"], why), "valid": (row["valid"], why == "holds")}
        other = {"OpenSSL with strict points": (row["valid"], ledger.signature_holds(key, message, signed))}
        agrees = why in OPENSSL_MAY_HOLD if openssl else why != "holds"
        return judged | other | {"OpenSSL alone agrees": (True, agrees)}

    signatures = rows(folder / "signatures.jsonl")
    for name, row in signatures:
        checks.vector(f"{name} {row['name']}", lambda: signature(row))
    conditions = sorted({row["why"] for _, row in signatures})
    names = {"names": (len(signatures), len({row["name"] for _, row in signatures}))}
    file = "ed25519/signatures.jsonl"
    checks.vector(file, lambda: names | {"conditions": (sorted(strict_ed25519.CLASSES), conditions)})


def check_chains(folder: Path, checks: Checks) -> None:
    def chain(name: str, case: dict) -> dict:
        found = report(folder / f"{name}.ndjson", case["options"])
        good = {"verdict is good": (True, found["verdict"] in ("verified", "intact", "empty"))}
        fields = sorted(set(found) | set(case["expect"]))
        return good | {field: (case["expect"].get(field, "absent"), found.get(field, "absent")) for field in fields}

    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    checks.vector("chains/expected.json", lambda: same_names(expected, folder))
    for name, cases in expected.items():
        for index, case in enumerate(cases):
            checks.vector(f"chains/{name}.ndjson case {index}", lambda: chain(name, case))
    codes = {warning["code"] for cases in expected.values() for case in cases for warning in case["expect"]["warnings"]}
    checks.vector("chains/expected.json", lambda: {"warnings": (sorted(WARNINGS), sorted(codes))})


def check_mutations(folder: Path, checks: Checks) -> None:
    def mutation(name: str, row: dict) -> dict:
        found = report(folder / f"{name}.ndjson", row["options"])
        stated = row["expect"]
        fields = {field: (stated.get(field, "absent"), found[field]) for field in MUTATION_FIELDS}
        known = {"class is known": (True, stated["class"] in CLASSES)}
        names = {"fields": (sorted(stated), sorted(("class", *MUTATION_FIELDS)))}
        return known | names | {"class": (stated["class"], found["verdict"])} | fields

    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    checks.vector("mutations/expected.json", lambda: same_names(expected, folder))
    for name, row in expected.items():
        checks.vector(f"mutations/{name}.ndjson", lambda: mutation(name, row))
    codes = {row["expect"]["code"] for row in expected.values()} - {None}
    every = sorted(ledger.FAULTS + ledger.ERRORS)
    checks.vector("mutations/expected.json", lambda: {"codes": (every, sorted(codes))})


# --- the peer's sets ----------------------------------------------------------------------------

# The peer refuses these as values of its host language; as JSON text they are doubles, for it too.
PEER_ONLY_REFUSALS = {"18446744073709551616", "-9223372036854775809"}


def check_peer_values(folder: Path, checks: Checks) -> None:
    def pair(row: dict) -> dict:
        if "error" in row:
            refused = row["input"] not in PEER_ONLY_REFUSALS
            return {"refused": (refused, refusal(row["input"].encode()) is not None)}
        text = canonical(parse(row["input"]))
        return {"canonical": (row["canonical"], text), "sha256": (row["sha256"], sha256(text))}

    def counted(value: Any, length: int, digest: str) -> dict:
        text = canonical(value)
        return {"length": (length, len(text.encode())), "sha256": (digest, sha256(text))}

    def sealed(row: dict, seed: bytes) -> dict:
        line = json.loads(ledger.seal(seed, row["seq"], row["timestamp_nanos"], row["parent_hash"], row["event"]))
        return {field: (row[field], line[field]) for field in ("self_hash", "signature") if field in row}

    for name, row in rows(folder / "canonical_pairs.jsonl"):
        checks.vector(name, lambda: pair(row))
    vectors = json.loads((folder / "spec_vectors.json").read_text("utf-8"))
    seed = bytes.fromhex(vectors["fixed_seed_hex"])
    checks.vector("key.bin", lambda: {"seed": (seed.hex(), (folder / "key.bin").read_bytes().hex())})
    checks.vector("spec_vectors.json", lambda: {"pubkey": (vectors["fixed_pubkey"], ledger.public_key(seed))})
    for value, length, digest in vectors["canonical_vectors"] + vectors["event_vectors"]:
        checks.vector(f"spec_vectors.json {digest[:8]}", lambda: counted(value, length, digest))
    for row in vectors["signature_vectors"] + vectors["self_hash_vectors"]:
        checks.vector(f"spec_vectors.json {row['name']}", lambda: sealed(row, seed))


def check_peer_ledgers(folder: Path, checks: Checks) -> None:
    def whole(file: str, key: str, count: int, root: str, digest: str | None = None) -> dict:
        head = {"seq": count - 1, "hash": root}
        found = report(folder / file, {"signers": [key], "expectedHead": head, "events": "core"})
        fields = {"verdict": ("verified", found["verdict"]), "eventCount": (count, found["eventCount"])}
        return fields | {"rootHash": (root, found["rootHash"]), "sha256": (digest or found["sha256"], found["sha256"])}

    def reread(row: dict) -> dict:
        found = ledger.verify(row["line"].encode() + b"\n")
        text = canonical(parse(row["value_repr"]))
        return {"verdict": ("intact", found["verdict"]), "canonical": (row["canonical_at_signing"], text)}

    def compat(vectors: dict) -> dict:
        lines = (folder / "compat_rust_signed_ledger.ndjson").read_text("utf-8").splitlines()
        parent, stated, sealed = ledger.GENESIS, [], []
        for seq, (line, nanos) in enumerate(zip(lines, vectors["timestamps"], strict=True)):
            fields = parse(line)
            sealed.append(ledger.seal(bytes.fromhex(vectors["seed_hex"]), seq, nanos, parent, fields["event"]))
            stated.append([fields["self_hash"], fields["signature"]])
            parent = fields["self_hash"]
        published = list(zip(vectors["self_hashes"], vectors["signatures"], strict=True))
        return {"lines": (lines, sealed), "published": ([list(pair) for pair in published], stated)}

    facts = json.loads((folder / "ledger_200.expected.json").read_text("utf-8"))
    for part in ("ledger_200", "ledger_200_fixed_ts"):
        fact = facts[part]
        arguments = (f"{part}.ndjson", facts["pubkey"], 200, fact["root_hash"], fact.get("sha256_of_file"))
        checks.vector(f"{part}.ndjson", lambda: whole(*arguments))
    vectors = json.loads((folder / "spec_vectors.json").read_text("utf-8"))["rust_signed_ledger"]
    file = "compat_rust_signed_ledger.ndjson"
    checks.vector(file, lambda: whole(file, vectors["pubkey"], 3, vectors["self_hashes"][-1]))
    checks.vector(file, lambda: compat(vectors))
    for name, row in rows(folder / "float_reread_failures.jsonl"):
        checks.vector(name, lambda: reread(row))


def check_peer_variants(folder: Path, checks: Checks) -> None:
    def variant(name: str, options: dict, stated: dict) -> dict:
        found = report(folder / f"{name}.ndjson", options)
        return {field: (stated.get(field, "absent"), found[field]) for field in VERDICT_FIELDS}

    verdicts = json.loads((folder / "verdicts.json").read_text("utf-8"))
    checks.vector("variants/verdicts.json", lambda: same_names(verdicts, folder))
    for name, row in verdicts.items():
        for index, case in enumerate([{"options": {}, "ours": row["ours"]}, *row.get("also", [])]):
            checks.vector(f"variants/{name}.ndjson case {index}", lambda: variant(name, case["options"], case["ours"]))


SETS: dict[str, tuple[str, Callable[[Path, Checks], None]]] = {
    "canonical": ("canonical", check_canonical),
    "seals": ("seals", check_seals),
    "ed25519": ("ed25519", check_ed25519),
    "chains": ("chains", check_chains),
    "mutations": ("mutations", check_mutations),
    "peers/provedex values": ("peers/provedex", check_peer_values),
    "peers/provedex ledgers": ("peers/provedex", check_peer_ledgers),
    "peers/provedex variants": ("peers/provedex/variants", check_peer_variants),
}


def main(arguments: list[str]) -> int:
    partial = "--partial" in arguments
    folders = [argument for argument in arguments if argument != "--partial"]
    if len(folders) > 1 or any(folder.startswith("-") for folder in folders):
        print("usage: check.py [--partial] [folder]", file=sys.stderr)
        return 2
    root = Path(folders[0]) if folders else Path(__file__).resolve().parent
    passed = failed = 0
    for name, (folder, check) in SETS.items():
        checks = Checks()
        if partial and not (root / folder).is_dir():
            print(f"{name}: absent")
            continue
        try:
            check(root / folder, checks)
        except (OSError, ValueError, KeyError) as error:
            print(f"FAIL {name}: {type(error).__name__}: {error}")
            checks.failed += 1
        print(f"{name}: {checks.passed} passed, {checks.failed} failed")
        passed, failed = passed + checks.passed, failed + checks.failed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
