"""Signs and verifies tokens with QWED's package and with PyJWT: an array of commands in, an array of answers out. See
tokens-peer.spec.mts.

Of the package only three modules are run, each by itself: all of it would need packages that are not installed.
"""

import asyncio
import importlib.util
import json
import os
import sys
import types

import jwt


def module(package, *path):
    (folder,) = importlib.util.find_spec(package).submodule_search_locations
    file = os.path.join(folder, *path)
    spec = importlib.util.spec_from_file_location("_".join((package, *path)).removesuffix(".py"), file)
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


sdk = module("qwed_sdk", "attestation.py")
core = module("qwed_new", "core", "attestation.py")


def service(command):
    """As the server makes it with a configured key; without one, with a generated key."""
    pem = command.get("pem")
    policy = {} if pem is None else {"key_continuity_policy": "configured", "private_key_pem": pem.encode()}
    return core.AttestationService(issuer_did=command["did"], **policy)


def jwks(of):
    """As qwed_new/api/attestation_routes.py publishes it."""
    return {"keys": [{**jwk, "alg": "ES256", "use": "sig"} for jwk in of.get_issuer_info()["public_keys"]]}


def issue(command):
    made = service(command)
    tokens = []
    for fields in command["verdicts"]:
        result = core.VerificationResult(**fields["result"])
        tokens.append(made.create_attestation(result, fields["query"], **fields["more"]).jwt_token)
    contexts = [made.create_context_attestation(**fields) for fields in command.get("contexts", [])]
    return {"jwks": jwks(made), "tokens": tokens, "contexts": contexts}


def attempt(verify):
    try:
        return {"claims": verify()}
    except Exception as error:
        return {"error": type(error).__name__}


def check(command):
    """What the SDK, PyJWT by itself and the service say of tokens."""
    keys, did = command["jwks"], command["did"]
    (key,) = (jwt.PyJWK(jwk, algorithm="ES256").key for jwk in keys["keys"])
    made = service(command)
    return [
        {
            "sdk": attempt(lambda: sdk.verify_attestation(token, keys, issuer=did, **more)),
            "pyjwt": attempt(lambda: jwt.decode(token, key, algorithms=["ES256"], issuer=did)),
            "service": made.verify_attestation(token)[0],
        }
        for token, more in command["tokens"]
    ]


def badges(command):
    """The routes of qwed_new/api/badges.py, called as a web server would; of that, a stand-in."""
    routes = {}

    class Router:
        def __init__(self, **_):
            pass

        def get(self, path):
            return lambda function: routes.setdefault(path, function)

    def answer(content, media_type):
        return content

    sys.modules["fastapi"] = types.SimpleNamespace(APIRouter=Router, HTTPException=None, Query=lambda default, **_: default)
    sys.modules["fastapi.responses"] = types.SimpleNamespace(Response=answer)
    module("qwed_new", "api", "badges.py").create_badge_router()
    return {
        "attestation": asyncio.run(routes["/attestation/{attestation_id}"](command["jti"])),
        "custom": asyncio.run(routes["/custom"](label=command["label"], message="x", color=None, logo=False)),
    }


def revoke(command):
    """Two replicas with one key, one of which has revoked the token."""
    one, other = service(command), service(command)
    token = one.create_attestation(core.VerificationResult("VERIFIED", True, "math"), "q", "proof", jti="att_1").jwt_token
    one.revoke_attestation("att_1")
    return {"token": token, "one": one.verify_attestation(token)[0], "other": other.verify_attestation(token)[0]}


COMMANDS = {"issue": issue, "check": check, "badges": badges, "revoke": revoke}
json.dump([COMMANDS[command["do"]](command) for command in json.load(sys.stdin)], sys.stdout)
