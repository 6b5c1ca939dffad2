// A signed event is one ledger line: its bytes are kept, its fields are what stands on them, and signing the same event
// at the same place gives the same line.

import { inspect } from 'node:util';
import test from 'ava';
import * as fc from 'fast-check';
import {
  ChainError,
  computeSelfHash,
  events,
  GENESIS_PARENT_HASH,
  SealwrightRangeError,
  SealwrightTypeError,
  SignedEvent,
  signEvent,
  SigningError,
  verifyChain,
} from 'sealwright';
import { jsonValues } from './helpers/arbitraries.mts';
import { parseJson, sealedLine, selfHash, toValue } from './helpers/canonical.mts';
import { throwsError } from './helpers/errors.mts';
import { chainOf, DIGEST, ended, key1, key2, seed1, START, toolCalled } from './helpers/ledgers.mts';

const started = events.sessionStarted({ agentId: 'agent-1', modelId: 'llama3.2:3b', sessionId: 'session-demo' });
const place = { seq: 0, parentHash: GENESIS_PARENT_HASH, timestampNanos: START };

test('the worked example of the format', (t) => {
  const signed = signEvent({ ...place, event: started, keypair: key1 });
  const selfHashHex = '52299f4b70c1603526deb7b88cbaa03ca9eb1b91a3da038babb4a175041aec91';
  const signature =
    'ca2390a43c403510ba49c48814a57858df033b75fba3c027610b49afab555fd0e05cfd2ae37d4fb25cb0aee08954aab89a1fbb94f1dc8617cc57185c9275e90d';
  const signer = '03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8';
  t.is(signed.selfHash, selfHashHex);
  t.is(signed.signature, signature);
  t.is(signed.signerPubkey, signer);
  t.is(
    signed.toLine(),
    '{"seq":0,"timestamp_nanos":1700000000000000000,"event":{"type":"SessionStarted","payload":{"agent_id":"agent-1",' +
      '"model_id":"llama3.2:3b","session_id":"session-demo"}},' +
      `"parent_hash":"${'0'.repeat(64)}","self_hash":"${selfHashHex}","signature":"${signature}","signer_pubkey":"${signer}"}`,
  );
  t.is(computeSelfHash({ ...place, event: started }), selfHashHex);
  t.is(GENESIS_PARENT_HASH, '0'.repeat(64));
});

test('its properties are what stands on the line', (t) => {
  const event = toolCalled({ n: 2n ** 60n });
  const timestampNanos = 2n ** 64n - 1n;
  const seq = 2 ** 53 - 1;
  const signed = signEvent({ event, seq, parentHash: DIGEST, timestampNanos, keypair: key2 });
  for (const read of [signed, SignedEvent.parse(signed.toLine()), SignedEvent.parse(`${signed.toLine()}\n`)]) {
    t.is(read.seq, seq);
    t.is(read.timestampNanos, timestampNanos);
    t.is(read.event.toString(), event.toString());
    t.is(read.parentHash, DIGEST);
    t.is(read.selfHash, selfHash({ seq, parentHash: DIGEST, timestampNanos, event: parseJson(event.toString()) }));
    t.is(read.signature, signed.signature);
    t.is(read.signerPubkey, key2.publicKeyHex);
    t.is(read.toLine(), signed.toLine());
    const json = {
      seq,
      timestamp_nanos: '18446744073709551615',
      event: {
        type: 'ToolCalled',
        payload: { tool_name: 'tool', args_sha256: DIGEST, args_redacted: { n: '1152921504606846976' } },
      },
      parent_hash: DIGEST,
      self_hash: signed.selfHash,
      signature: signed.signature,
      signer_pubkey: key2.publicKeyHex,
    };
    t.deepEqual(read.toJSON(), json);
    t.is(JSON.stringify(read), JSON.stringify(json));
    t.deepEqual(Object.keys(read.toJSON()), Object.keys(json));
    t.true(inspect(read).includes(signed.selfHash));
    t.is(read.event, read.event);
  }
});

test('property: any event at any place is signed as node:crypto signs it, and reads back the same', (t) => {
  const nanos = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(jsonValues, fc.maxSafeNat(), nanos, (json, seq, timestampNanos) => {
      const event = toolCalled(toValue(json));
      const at = { seq, timestampNanos, parentHash: DIGEST };
      const signed = signEvent({ ...at, event, keypair: key1 });
      t.is(signed.toLine(), sealedLine({ ...at, eventText: event.toString() }, seed1));
      const read = SignedEvent.parse(signed.toLine());
      t.deepEqual(read.toJSON(), signed.toJSON());
      t.is(computeSelfHash({ ...at, event: read.event }), read.selfHash);
    }),
    { numRuns: 300 },
  );
});

test('a line spelled in another way keeps its bytes; its fields are what they mean', (t) => {
  const [signed] = chainOf(1, { event: () => toolCalled({ q: 'a/é', n: [1.5, 7] }) }) as [SignedEvent];
  const members = signed
    .toLine()
    .slice(1, -1)
    .split(/,(?="(?:timestamp_nanos|event|parent_hash|self_hash|signature|signer_pubkey)":)/);
  const spelled = ` {\t${members.toReversed().join(' , ')}\r}`
    .replace('1.5', '15e-1')
    .replace('a/é', '\\u0061\\/\\u00E9');
  const read = SignedEvent.parse(spelled);
  t.is(read.toLine(), spelled);
  t.deepEqual(read.toJSON(), signed.toJSON());
  t.is(read.event.toString(), signed.event.toString());
  t.like(verifyChain([read]), {
    verdict: 'intact',
    warnings: [{ code: 'non_canonical_spelling', count: 1, firstLine: 1 }],
  });
  t.like(verifyChain([read], { spelling: 'exact' }), { verdict: 'broken', code: 'spelling' });
  t.is(verifyChain([signed], { spelling: 'exact' }).verdict, 'intact');
});

test('a kind that this version does not know is read as it is', (t) => {
  const eventText = '{"type":"OvenPreheated","payload":{"celsius":220.0,"rack":null,"2":1,"1":2}}';
  const line = sealedLine({ ...place, eventText }, seed1);
  const read = SignedEvent.parse(line);
  t.is(read.event.type, 'OvenPreheated');
  t.is(read.event.toString(), eventText);
  t.is(read.toLine(), line);
  t.like(verifyChain([read]), { verdict: 'intact', unknownKinds: { OvenPreheated: 1 }, events: 'extended' });
  // Reading it is one thing, recording another.
  throwsError(t, () => signEvent({ ...place, event: read.event, keypair: key1 }), {
    instanceOf: SigningError,
    code: 'ERR_EVENT_KIND',
  });
});

test('what is no line is refused, with its place', (t) => {
  const line = signEvent({ ...place, event: started, keypair: key1 }).toLine();
  const at = { line: 1, byteOffset: 0 };
  const malformed = [
    '',
    ' ',
    '{',
    '[]',
    'null',
    '1',
    `${line} x`,
    `\ufeff${line}`,
    line.slice(0, -1),
    line.replace('agent-1', '\\ud800'),
    line.replace('"seq":0', '"seq":1e400'),
  ];
  for (const text of malformed)
    throwsError(
      t,
      () => SignedEvent.parse(text),
      { instanceOf: ChainError, code: 'ERR_LEDGER_MALFORMED', ...at },
      text,
    );
  const unfit: Record<string, string> = {
    duplicate_key: line.replace('"seq":0', '"seq":0,"seq":0'),
    unsigned_field: line.replace('"seq":0', '"seq":0,"note":0'),
    missing_field: line.replace('"seq":0,', ''),
    wrong_type: line.replace('"seq":0', '"seq":0.0'),
    out_of_range: line.replace('"seq":0', '"seq":-1'),
    non_canonical_hex: line.replace('"self_hash":"5', '"self_hash":"g'),
  };
  for (const [code, text] of Object.entries(unfit)) {
    const error = throwsError(
      t,
      () => SignedEvent.parse(text),
      { instanceOf: ChainError, code: 'ERR_CHAIN_BROKEN', ...at },
      code,
    );
    t.true(error.message.includes(code), error.message);
  }
  const nested = line.replace('"agent-1"', `${'['.repeat(125)}${']'.repeat(125)}`);
  throwsError(t, () => SignedEvent.parse(nested), { instanceOf: ChainError, code: 'ERR_DEPTH_EXCEEDED', ...at });
  const long = line.replace('agent-1', 'x'.repeat(16 * 1024 * 1024));
  throwsError(t, () => SignedEvent.parse(long), { instanceOf: ChainError, code: 'ERR_LINE_TOO_LONG', ...at });
  throwsError(t, () => SignedEvent.parse(line.replace('agent-1', '\ud800')), {
    instanceOf: SealwrightTypeError,
    code: 'ERR_JSON_STRING',
  });
  for (const text of [
    `${line}\n${line}`,
    `\n${line}`,
    `${line}\n\n`,
    undefined,
    null,
    1,
    {},
    Buffer.from(line),
    JSON.parse(line),
  ]) {
    throwsError(t, () => SignedEvent.parse(text as string), {
      instanceOf: SealwrightTypeError,
      code: 'ERR_INVALID_ARGUMENT',
    });
  }
});

test('hash and signature are not checked by parsing', (t) => {
  const line = signEvent({ ...place, event: started, keypair: key1 })
    .toLine()
    .replace('agent-1', 'agent-2');
  t.is(SignedEvent.parse(line).event.payload['agent_id'], 'agent-2');
  t.like(verifyChain([SignedEvent.parse(line)]), { verdict: 'broken', code: 'hash_mismatch' });
});

test('without a time it is signed as of now', (t) => {
  const { timestampNanos: _, ...rest } = place;
  const before = BigInt(Date.now()) * 1_000_000n;
  const signed = signEvent({ ...rest, event: started, keypair: key1 });
  const after = BigInt(Date.now() + 1) * 1_000_000n;
  t.true(before <= signed.timestampNanos && signed.timestampNanos <= after);
  t.is(signEvent({ ...rest, timestampNanos: undefined, event: started, keypair: key1 }).seq, 0);
});

test('the event may be plain, or one that was read', (t) => {
  const signed = signEvent({ ...place, event: started, keypair: key1 });
  const plain = {
    type: 'SessionStarted',
    payload: { session_id: 'session-demo', model_id: 'llama3.2:3b', agent_id: 'agent-1' },
  };
  t.is(signEvent({ ...place, event: plain, keypair: key1 }).toLine(), signed.toLine());
  t.is(
    signEvent({ ...place, event: SignedEvent.parse(signed.toLine()).event, keypair: key1 }).toLine(),
    signed.toLine(),
  );
});

test('a place that does not exist is refused', (t) => {
  const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  const outOfRange = { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' } as const;
  const calls: Record<string, (changed: object) => unknown> = {
    signEvent: (changed) => signEvent({ ...place, event: ended('x'), keypair: key1, ...changed }),
    computeSelfHash: (changed) => computeSelfHash({ ...place, event: ended('x'), ...changed }),
  };
  for (const [name, call] of Object.entries(calls)) {
    for (const seq of [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])
      throwsError(t, () => call({ seq }), outOfRange, `${name} ${seq}`);
    for (const seq of ['0', 0n, null, {}, undefined])
      throwsError(t, () => call({ seq }), invalid, `${name} ${String(seq)}`);
    for (const timestampNanos of [-1n, 2n ** 64n])
      throwsError(t, () => call({ timestampNanos }), outOfRange, `${name} ${timestampNanos}`);
    for (const timestampNanos of [0, '0', null, new Date()])
      throwsError(t, () => call({ timestampNanos }), invalid, name);
    for (const parentHash of [
      '',
      'A'.repeat(64),
      DIGEST.slice(1),
      `${DIGEST}a`,
      `${DIGEST.slice(1)}g`,
      '\ud800',
      null,
      0,
      undefined,
      Buffer.alloc(32),
    ]) {
      throwsError(t, () => call({ parentHash }), invalid, `${name} ${String(parentHash)}`);
    }
    throwsError(t, () => call({ extra: 1 }), invalid, name);
    throwsError(
      t,
      () => call({ event: ended }),
      { instanceOf: SealwrightTypeError, code: 'ERR_JSON_UNSUPPORTED' },
      name,
    );
    throwsError(
      t,
      () => call({ event: undefined }),
      { instanceOf: SealwrightTypeError, code: 'ERR_JSON_UNSUPPORTED' },
      name,
    );
    throwsError(
      t,
      () => call({ event: { type: 'SessionEnded', payload: {} } }),
      { instanceOf: SealwrightTypeError, code: 'ERR_EVENT_FIELD', path: 'payload.reason' },
      name,
    );
  }
  throwsError(t, () => computeSelfHash({ ...place, event: ended('x'), timestampNanos: undefined } as never), invalid);
  for (const keypair of [undefined, null, {}, key1.publicKeyHex, seed1, Object.create(key1)]) {
    throwsError(t, () => signEvent({ ...place, event: ended('x'), keypair: keypair as never }), invalid);
  }
  for (const fields of [undefined, null, 1, 'x', []]) throwsError(t, () => signEvent(fields as never), invalid);
});

test('an object that only looks like a signed event has no fields', (t) => {
  const forged = Object.create(SignedEvent.prototype) as SignedEvent;
  t.throws(() => forged.seq, { instanceOf: TypeError });
  t.throws(() => verifyChain([forged]), { instanceOf: TypeError });
});
