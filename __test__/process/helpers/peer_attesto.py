"""Hashes JSON texts with Attesto's package: an array of them in, an array of answers out. See attesto.spec.mts.

Of the package only what hashes is run; its client would need packages that are not installed.
"""

import importlib.util
import json
import sys
import types

package = types.ModuleType("attesto")
package.__path__ = importlib.util.find_spec("attesto").submodule_search_locations
sys.modules["attesto"] = package
# It would check a signature.
sys.modules["attesto._selftest"] = types.SimpleNamespace(ensure_self_test=lambda: None)

from attesto import proofstream  # noqa: E402
from attesto.errors import AttestoUnsafeNumberError  # noqa: E402


def answer(text):
    value = json.loads(text)
    try:
        proofstream.assert_commitment_safe_numbers(value, "$.payload")
        unsafe = None
    except AttestoUnsafeNumberError as error:
        unsafe = error.path
    return {
        "canonical": proofstream.canonical_json(value),
        "payload": proofstream.payload_commitment(value)["canonical_payload_hash"],
        "metadata": proofstream.metadata_commitment(value)["canonical_metadata_hash"],
        "event": proofstream.domain_hash_hex("attesto.v2.event", value),
        "unsafe": unsafe,
    }


json.dump([answer(text) for text in json.load(sys.stdin)], sys.stdout)
