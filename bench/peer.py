"""The peer as a contender: one JSON command a line, one JSON answer each. See talk.mjs.

    {"do": "sign", "count": N}                             -> {"samples": [...]}
    {"do": "record", "path": P, "count": N, "threads": T}  -> {"samples": [...], "seconds": S}
    {"do": "verify", "path": P}                            -> {"seconds": S, "ok": true, "events": N}

Samples are microseconds of one operation. Sessions stay open between turns, as do ours. The event comes as JSON text,
key file and event being the arguments of the program.
"""

import json
import sys
import threading
import time

import provedex

KEYPAIR = provedex.SigningKeypair.load_or_create(sys.argv[1])
EVENT = provedex.events.from_dict(json.loads(sys.argv[2]))
SESSIONS = {}


def sign(command):
    samples = []
    parent = provedex.GENESIS_PARENT_HASH
    for seq in range(command["count"]):
        started = time.perf_counter_ns()
        signed = provedex.sign_event(event=EVENT, seq=seq, parent_hash=parent, keypair=KEYPAIR)
        samples.append((time.perf_counter_ns() - started) / 1000)
        parent = signed.self_hash
    return {"samples": samples}


def record(command):
    session = session_of(command["path"])
    threads = command["threads"]
    share, rest = divmod(command["count"], threads)
    # The threads are there before the clock starts: what is compared is recording.
    ready = threading.Barrier(threads + 1)
    samples = []
    failures = []

    def work(count):
        mine = []
        ready.wait()
        try:
            for _ in range(count):
                started = time.perf_counter_ns()
                session.record(EVENT)
                mine.append((time.perf_counter_ns() - started) / 1000)
        except Exception as error:
            failures.append(error)
        samples.extend(mine)

    workers = [threading.Thread(target=work, args=(share + (index < rest),)) for index in range(threads)]
    for worker in workers:
        worker.start()
    ready.wait()
    started = time.perf_counter()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - started
    if failures:
        raise failures[0]
    return {"samples": samples, "seconds": seconds}


def verify(command):
    started = time.perf_counter()
    report = provedex.verify_file(command["path"])
    return {"seconds": time.perf_counter() - started, "ok": report.ok, "events": report.event_count}


def session_of(path):
    if path not in SESSIONS:
        SESSIONS[path] = provedex.Session.open(keypair=KEYPAIR, ledger_path=path, session_id="bench")
    return SESSIONS[path]


COMMANDS = {function.__name__: function for function in (sign, record, verify)}

for line in sys.stdin:
    command = json.loads(line)
    print(json.dumps(COMMANDS[command["do"]](command)), flush=True)
