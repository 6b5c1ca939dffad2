"""Does what a test says with the peer's package: one JSON command a line, one JSON answer each. See peer.mts.

Values of events come as JSON text, so that every integer and double is the one that the test wrote.
"""

import json
import random
import struct
import sys
import threading

import provedex

HELD = {}


def verify(command):
    report = provedex.verify_file(command["path"])
    names = ("ok", "status", "event_count", "broken_at", "reason", "root_hash")
    return {name: getattr(report, name) for name in names}


def record(command):
    """One session; its events are shared out among threads, each taking the next one."""
    session = open_session(command)
    events = iter([event_of(text) for text in command["events"]])
    taking = threading.Lock()
    failures = []

    def work():
        try:
            while True:
                with taking:
                    event = next(events, None)
                if event is None:
                    return
                session.record(event)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(command["threads"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def hold(command):
    """Opens a session that stays open, for `record_held`."""
    HELD["session"] = open_session(command)


def record_held(command):
    return HELD["session"].record(event_of(command["event"])).seq


def canonical(command):
    return [provedex.canonical_json(json.loads(text)).decode() for text in command["texts"]]


def self_hashes(command):
    """The hash that each line's event has at its place, whatever the line says."""
    hashes = []
    for line in map(json.loads, command["lines"]):
        event = provedex.events.from_dict(line["event"])
        place = {name: line[name] for name in ("seq", "timestamp_nanos", "parent_hash")}
        hashes.append(provedex.compute_self_hash(event=event, **place))
    return hashes


def doubles(command):
    """Seals random doubles, one an event: as a chain in `path`, and each alone, to be read again at once."""
    keypair = provedex.SigningKeypair.load(command["key"])
    source = random.Random(command["seed"])
    parent = provedex.GENESIS_PARENT_HASH
    misread = []
    # One file that stays open: emptying one to write it again makes some file systems write it to the disk.
    with open(command["path"], "w", encoding="utf-8") as ledger, open(command["scratch"], "wb", 0) as single:
        for index in range(command["count"]):
            value = source.random() if command["kind"] == "uniform" else random_bits(source)
            event = provedex.events.tool_called(tool_name="t", args_sha256="a" * 64, args_redacted={"v": value})
            chained = provedex.sign_event(event=event, seq=index, parent_hash=parent, keypair=keypair)
            parent = chained.self_hash
            ledger.write(chained.to_json() + "\n")
            alone = provedex.sign_event(
                event=event, seq=0, parent_hash=provedex.GENESIS_PARENT_HASH, keypair=keypair
            )
            single.seek(0)
            single.truncate(single.write(alone.to_json().encode() + b"\n"))
            if not provedex.verify_file(command["scratch"]).ok:
                misread.append([index, repr(value)])
    return misread


def random_bits(source):
    while True:
        (value,) = struct.unpack("<d", struct.pack("<Q", source.getrandbits(64)))
        if value - value == 0:
            return value


def open_session(command):
    keypair = provedex.SigningKeypair.load(command["key"])
    return provedex.Session.open(keypair=keypair, ledger_path=command["path"], session_id="peer")


def event_of(text):
    return provedex.events.from_dict(json.loads(text))


COMMANDS = (verify, record, hold, record_held, canonical, self_hashes, doubles)
BY_NAME = {function.__name__: function for function in COMMANDS}

for line in sys.stdin:
    command = json.loads(line)
    try:
        answer = {"value": BY_NAME[command["do"]](command)}
    except provedex.ProvedexError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    print(json.dumps(answer), flush=True)
