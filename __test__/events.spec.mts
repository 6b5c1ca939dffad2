// An event is checked at once and whole when it is made: kind, fields, types, ranges, digests. What passes is recorded as
// it is; what does not is refused with the path of the field in wire names.

import { inspect } from 'node:util';
import test from 'ava';
import * as fc from 'fast-check';
import {
  computeSelfHash,
  type ErrorCode,
  events,
  float,
  GENESIS_PARENT_HASH,
  type LedgerEvent,
  SealwrightRangeError,
  SealwrightTypeError,
  signEvent,
  SigningError,
} from 'sealwright';
import { jsonValues, strings } from './helpers/arbitraries.mts';
import { parseJson, selfHash, toValue } from './helpers/canonical.mts';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { DIGEST, key1, openSession, toolCalled } from './helpers/ledgers.mts';

type Holds = 'text' | 'digest' | 'digestOrEmpty' | 'u64' | 'u32' | 'bool' | 'domain' | 'json';

interface KindOfEvent {
  readonly make: (fields: never) => LedgerEvent;
  readonly type: string;
  /** By their names in JavaScript: the name on the wire, and what the field holds. */
  readonly fields: Readonly<Record<string, readonly [wire: string, holds: Holds]>>;
}

/** The table of the format, in its order. */
const kinds: readonly KindOfEvent[] = [
  {
    make: events.sessionStarted,
    type: 'SessionStarted',
    fields: { agentId: ['agent_id', 'text'], modelId: ['model_id', 'text'], sessionId: ['session_id', 'text'] },
  },
  {
    make: events.utteranceCaptured,
    type: 'UtteranceCaptured',
    fields: {
      audioSha256: ['audio_sha256', 'digest'],
      transcript: ['transcript', 'text'],
      lang: ['lang', 'text'],
      durationMs: ['duration_ms', 'u64'],
    },
  },
  {
    make: events.toolCalled,
    type: 'ToolCalled',
    fields: {
      toolName: ['tool_name', 'text'],
      argsSha256: ['args_sha256', 'digest'],
      argsRedacted: ['args_redacted', 'json'],
    },
  },
  {
    make: events.toolReturned,
    type: 'ToolReturned',
    fields: {
      toolName: ['tool_name', 'text'],
      resultSha256: ['result_sha256', 'digest'],
      latencyMs: ['latency_ms', 'u64'],
      success: ['success', 'bool'],
    },
  },
  {
    make: events.modelInvoked,
    type: 'ModelInvoked',
    fields: {
      modelId: ['model_id', 'text'],
      promptSha256: ['prompt_sha256', 'digest'],
      responseSha256: ['response_sha256', 'digest'],
      promptTokens: ['prompt_tokens', 'u32'],
      responseTokens: ['response_tokens', 'u32'],
    },
  },
  {
    make: events.utteranceSpoken,
    type: 'UtteranceSpoken',
    fields: {
      textSha256: ['text_sha256', 'digest'],
      text: ['text', 'text'],
      audioSha256: ['audio_sha256', 'digestOrEmpty'],
    },
  },
  {
    make: events.sessionEnded,
    type: 'SessionEnded',
    fields: { reason: ['reason', 'text'], summarySha256: ['summary_sha256', 'digestOrEmpty'] },
  },
  {
    make: events.payloadErased,
    type: 'PayloadErased',
    fields: { commitment: ['commitment', 'digest'], reason: ['reason', 'text'] },
  },
  {
    make: events.tokenIssued,
    type: 'TokenIssued',
    fields: {
      jti: ['jti', 'text'],
      issuer: ['issuer', 'text'],
      status: ['status', 'text'],
      signingInputSha256: ['signing_input_sha256', 'digest'],
    },
  },
  { make: events.custom, type: 'Custom', fields: { name: ['name', 'domain'], data: ['data', 'json'] } },
];

/** Values that each field takes, the first of them with its text on a line. */
const good: Record<Holds, readonly unknown[]> = {
  text: ['text', '', 'é😀\0"\\', 'x'.repeat(100_000)],
  digest: [DIGEST, '0123456789abcdef'.repeat(4)],
  digestOrEmpty: ['', DIGEST],
  u64: [0, 2400, 2 ** 53 - 1, 2n ** 53n, 2n ** 64n - 1n],
  u32: [0, 482, 2 ** 32 - 1, 71n],
  bool: [true, false],
  domain: ['com.example.refund', 'a.b', 'com.example-2.re_fund', `${'a'.repeat(250)}.b`],
  json: [null, { q: 1 }, [1, float(1)], 'text', false, 12.5],
};

type Refusal = readonly [value: unknown, instanceOf: new (...args: never[]) => Error, code: ErrorCode];

const wrongType = (...values: unknown[]) =>
  values.map((value): Refusal => [value, SealwrightTypeError, 'ERR_EVENT_FIELD']);
const outOfRange = (...values: unknown[]) =>
  values.map((value): Refusal => [value, SealwrightRangeError, 'ERR_OUT_OF_RANGE']);
const badNumber = (...values: unknown[]) =>
  values.map((value): Refusal => [value, SealwrightRangeError, 'ERR_JSON_NUMBER']);
const badDigest = (...values: unknown[]) => values.map((value): Refusal => [value, SigningError, 'ERR_EVENT_DIGEST']);
const notJson = (...values: unknown[]) =>
  values.map((value): Refusal => [value, SealwrightTypeError, 'ERR_JSON_UNSUPPORTED']);
const loneSurrogate: Refusal = ['\ud800', SealwrightTypeError, 'ERR_JSON_STRING'];

const notText = [
  ...wrongType(null, 1, 0n, true, [], {}, ['text'], float(1)),
  ...notJson(new Date(), Symbol('s'), Object('x')),
  loneSurrogate,
];
const malformed = [
  'A'.repeat(64),
  DIGEST.slice(1),
  `${DIGEST}a`,
  `${DIGEST.slice(1)}g`,
  ` ${DIGEST}`,
  `${DIGEST}\n`,
  `0x${DIGEST.slice(2)}`,
  'sha256:',
];
const notInteger = [
  ...wrongType(null, '1', true, [], {}, 0.5, -0, float(1), 1e-7),
  ...outOfRange(-1, -1n, -(2n ** 63n)),
  ...badNumber(Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 1e21, 2n ** 64n, -(2n ** 63n) - 1n),
];

/** Values that each field refuses. */
const bad: Record<Holds, readonly Refusal[]> = {
  text: notText,
  digest: [...notText, ...badDigest('', ...malformed)],
  digestOrEmpty: [...notText, ...badDigest(' ', ...malformed)],
  u64: notInteger,
  u32: [...notInteger, ...outOfRange(2 ** 32, 2 ** 53 - 1, 2n ** 64n - 1n)],
  bool: wrongType(null, 'true', 'false', 0, 1, [], {}),
  domain: [
    ...notText,
    ...wrongType(
      '',
      'refund',
      '.com',
      'com.',
      'com..x',
      'com.ex ample',
      'com.-x',
      'com.é',
      'a.b\n',
      `${'a'.repeat(254)}.b`,
    ),
  ],
  json: [...badNumber(Number.NaN, 2 ** 53), ...notJson(() => 0, Symbol('s'), new Map()), loneSurrogate],
};

/** Each field with the first value that it takes. */
function goodFields({ fields }: KindOfEvent): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, [, holds]]) => [name, good[holds][0]]));
}

const make = (kind: KindOfEvent, fields: unknown) => kind.make(fields as never);

for (const kind of kinds) {
  const { type, fields } = kind;

  test(`${type}: its fields come in the order of the table, by their wire names`, (t) => {
    const given = goodFields(kind);
    const payload = Object.fromEntries(Object.entries(fields).map(([name, [wire]]) => [wire, given[name]]));
    const text = JSON.stringify({ type, payload });
    const event = make(kind, Object.fromEntries(Object.entries(given).toReversed()));
    t.is(event.toString(), text);
    t.is(event.type, type);
    t.deepEqual(event.payload, payload as never);
    t.deepEqual(event.toJSON(), { type, payload } as never);
    t.is(events.fromJSON({ type, payload }).toString(), text);
    t.is(events.parse(JSON.stringify({ payload: reversed(payload), type }, null, 2)).toString(), text);
  });

  for (const [name, [wire, holds]] of Object.entries(fields)) {
    const path = `payload.${wire}`;

    test(`${type}.${name}: every value that fits is taken`, (t) => {
      for (const value of good[holds]) {
        const event = make(kind, { ...goodFields(kind), [name]: value });
        t.is(events.parse(event.toString()).toString(), event.toString());
        const view = event.payload[wire];
        if (typeof value === 'bigint') t.is(String(view), String(value));
        else if (holds !== 'json') t.is(view, value as never);
      }
    });

    test(`${type}.${name}: what does not fit is refused with its path`, (t) => {
      for (const [value, instanceOf, code] of bad[holds]) {
        const message = inspect(value);
        throwsError(t, () => make(kind, { ...goodFields(kind), [name]: value }), { instanceOf, code, path }, message);
      }
    });

    test(`${type}.${name}: left out`, (t) => {
      const { [name]: _, ...rest } = goodFields(kind);
      const missing = { instanceOf: SealwrightTypeError, code: 'ERR_EVENT_FIELD', path } as const;
      throwsError(t, () => make(kind, rest), missing);
      throwsError(t, () => make(kind, { ...rest, [name]: undefined }), missing);
    });
  }

  test(`${type}: a field of another name is refused`, (t) => {
    const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
    const wires = Object.values(fields).map(([wire]) => wire);
    const names = ['extra', '__proto__x', ...wires.filter((wire) => !(wire in fields))];
    for (const name of names) throwsError(t, () => make(kind, { ...goodFields(kind), [name]: 'x' }), invalid, name);
    const payload = { ...events.parse(make(kind, goodFields(kind)).toString()).payload, extra: null };
    const unknown = { instanceOf: SealwrightTypeError, code: 'ERR_EVENT_FIELD', path: 'payload.extra' } as const;
    throwsError(t, () => events.fromJSON({ type, payload }), unknown);
    throwsError(t, () => events.parse(JSON.stringify({ type, payload })), unknown);
  });

  test(`${type}: arguments that are no object of fields are refused`, (t) => {
    for (const given of [null, 'text', 1, [], () => ({})]) {
      throwsError(t, () => make(kind, given), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
    }
    throwsError(t, () => make(kind, {}), { instanceOf: SealwrightTypeError, code: 'ERR_EVENT_FIELD' });
    throwsError(t, () => make(kind, undefined), { instanceOf: SealwrightTypeError, code: 'ERR_EVENT_FIELD' });
  });
}

function reversed(object: object): object {
  return Object.fromEntries(Object.entries(object).toReversed());
}

test('a kind that may not be recorded is refused, reserved names too', (t) => {
  for (const type of [
    'OvenPreheated',
    'PolicyDecision',
    'Handoff',
    'sessionEnded',
    'SessionEnded ',
    '',
    '__proto__',
    'x'.repeat(1000),
  ]) {
    const refused = { instanceOf: SigningError, code: 'ERR_EVENT_KIND', path: 'type' } as const;
    throwsError(t, () => events.fromJSON({ type, payload: {} }), refused, type);
    throwsError(t, () => events.parse(JSON.stringify({ type, payload: {} })), refused, type);
  }
});

/** Events of the kinds that only the library writes. */
const reserved = [
  { old_key: 'a'.repeat(64), new_key: 'b'.repeat(64), first_hash: 'c'.repeat(64), proof: 'd'.repeat(128) },
  { known_seq: 1, known_hash: 'a'.repeat(64), reason: 'r' },
  { count: 1, last_seq: 0, last_hash: 'a'.repeat(64), first_hash: 'a'.repeat(64) },
  { session_id: 's', count: 0, head_seq: 0, head_hash: '' },
  { session_id: 's', interval_ms: 1000 },
].map((payload, index) => ({
  type: ['KeyRotated', 'LedgerRestored', 'LedgerPruned', 'SessionSealed', 'Heartbeat'][index] ?? '',
  payload,
}));

for (const event of reserved) {
  test(`${event.type}: is read, hashed and shown, but neither recorded nor signed by hand`, async (t) => {
    const text = JSON.stringify(event);
    const parsed = events.parse(text);
    t.is(parsed.toString(), text);
    t.is(events.fromJSON(event).toString(), text);
    const place = { event: parsed, seq: 0, parentHash: GENESIS_PARENT_HASH, timestampNanos: 1n };
    t.is(computeSelfHash(place), selfHash({ ...place, event: parseJson(text) }));

    const refused = { instanceOf: SigningError, code: 'ERR_EVENT_RESERVED', path: 'type' } as const;
    throwsError(t, () => signEvent({ ...place, keypair: key1 }), refused);
    const session = await openSession(t, { ledgerPath: newPath(t), events: 'extended' });
    const plain = events.sessionEnded({ reason: 'r', summarySha256: '' });
    for (const given of [parsed, event]) {
      throwsError(t, () => session.recordSync(given), refused);
      await rejectsError(t, () => session.record(given), refused);
      await rejectsError(t, () => session.recordMany([plain, given]), { ...refused, path: '[1].type' });
    }
    t.is(session.head, null);
    t.is((await session.record(plain)).seq, 0);
  });
}

test('an event is an object with type and payload', (t) => {
  const refused: Record<string, string | undefined> = {
    '{}': 'type',
    '{"type":"SessionEnded"}': 'payload',
    '{"payload":{}}': 'type',
    '{"type":1,"payload":{}}': 'type',
    '{"type":null,"payload":{}}': 'type',
    '{"type":"SessionEnded","payload":[]}': 'payload',
    '{"type":"SessionEnded","payload":null}': 'payload',
    '{"type":"SessionEnded","payload":"x"}': 'payload',
    '{"type":"SessionEnded","payload":{"reason":"r","summary_sha256":""},"extra":1}': 'extra',
    '[]': undefined,
    null: undefined,
    '"SessionEnded"': undefined,
    '1': undefined,
  };
  for (const [text, path] of Object.entries(refused)) {
    const expected = { instanceOf: SealwrightTypeError, code: 'ERR_EVENT_FIELD', path } as const;
    throwsError(t, () => events.parse(text), expected, text);
    throwsError(t, () => events.fromJSON(JSON.parse(text) as never), expected, text);
  }
});

test('events.parse refuses what is not JSON, with the path where there is one', (t) => {
  const ended = (fields: string) => `{"type":"SessionEnded","payload":{${fields}}}`;
  const refused: [
    text: string,
    instanceOf: new (...args: never[]) => Error,
    code: ErrorCode,
    path: string | undefined,
  ][] = [
    ['', SigningError, 'ERR_JSON_SYNTAX', undefined],
    ['{', SigningError, 'ERR_JSON_SYNTAX', undefined],
    ['\ufeff{}', SigningError, 'ERR_JSON_SYNTAX', undefined],
    [`${ended('"reason":"r","summary_sha256":""')} x`, SigningError, 'ERR_JSON_SYNTAX', undefined],
    [ended('"reason":NaN,"summary_sha256":""'), SigningError, 'ERR_JSON_SYNTAX', 'payload.reason'],
    [ended('"reason":"r","reason":"r","summary_sha256":""'), SigningError, 'ERR_JSON_DUPLICATE_KEY', 'payload.reason'],
    [ended('"reason":"\\ud800","summary_sha256":""'), SealwrightTypeError, 'ERR_JSON_STRING', 'payload.reason'],
    [ended('"reason":1e400,"summary_sha256":""'), SealwrightRangeError, 'ERR_JSON_NUMBER', 'payload.reason'],
    [
      '{"type":"Custom","payload":{"name":"a.b","data":{"x":[{"k":1,"k":1}]}}}',
      SigningError,
      'ERR_JSON_DUPLICATE_KEY',
      'payload.data.x[0].k',
    ],
    [
      '{"type":"Custom","payload":{"name":"a.b","data":{"odd key":[0,{"é":1e400}]}}}',
      SealwrightRangeError,
      'ERR_JSON_NUMBER',
      'payload.data["odd key"][1]["é"]',
    ],
    ['\ud800', SealwrightTypeError, 'ERR_JSON_STRING', undefined],
  ];
  for (const [text, instanceOf, code, path] of refused)
    throwsError(t, () => events.parse(text), { instanceOf, code, path }, text);
  for (const text of [undefined, null, 1, {}, Buffer.from('{}'), toolCalled(1)]) {
    throwsError(t, () => events.parse(text as never), {
      instanceOf: SealwrightTypeError,
      code: 'ERR_INVALID_ARGUMENT',
    });
  }
});

test('property: events.parse loses nothing of what an event holds', (t) => {
  fc.assert(
    fc.property(strings, jsonValues, (text, json) => {
      for (const event of [toolCalled(toValue(json)), events.custom({ name: 'com.example', data: toValue(json) })]) {
        t.is(events.parse(event.toString()).toString(), event.toString());
      }
      t.is(events.sessionEnded({ reason: text, summarySha256: '' }).payload['reason'], text);
    }),
  );
});

test('events.fromJSON loses whole-number doubles, as JSON.parse has; events.parse keeps them', (t) => {
  const event = toolCalled({ price: float(10), count: 10, rate: 0.5 });
  t.true(event.toString().includes('{"price":10.0,"count":10,"rate":0.5}'));
  const parsed = JSON.parse(event.toString()) as { type: string; payload: unknown };
  t.true(events.fromJSON(parsed).toString().includes('{"price":10,"count":10,"rate":0.5}'));
  t.is(events.parse(event.toString()).toString(), event.toString());
});

test('a view of an event is frozen, shows large integers as bigint and keeps odd keys', (t) => {
  const data = {
    large: 2n ** 64n - 1n,
    least: -(2n ** 63n),
    safe: 1,
    list: [{ large: 2n ** 53n, float: float(3), text: '9007199254740993' }],
  };
  const event = events.custom({ name: 'com.example', data });
  const view = { ...data, list: [{ large: 2n ** 53n, float: 3, text: '9007199254740993' }] };
  t.deepEqual(event.payload, { name: 'com.example', data: view });
  t.is(event.payload, event.payload);
  const { data: frozen } = event.payload as { data: typeof view };
  for (const value of [event.payload, frozen, frozen.list, frozen.list[0]]) t.true(Object.isFrozen(value));
  t.throws(() => Object.assign(frozen, { large: 1 }), { instanceOf: TypeError });
  t.deepEqual(event.toJSON().payload, {
    name: 'com.example',
    data: {
      large: '18446744073709551615',
      least: '-9223372036854775808',
      safe: 1,
      list: [{ large: '9007199254740992', float: 3, text: '9007199254740993' }],
    },
  });
  t.is(JSON.stringify(event), JSON.stringify(event.toJSON()));
  t.true(inspect(event, { depth: 9 }).includes('18446744073709551615n'));

  const odd = events.custom({
    name: 'com.example',
    data: JSON.parse('{"__proto__":{"large":1},"2":9007199254740991,"toString":0}'),
  });
  for (const shown of [odd, toolCalled({ ...JSON.parse('{"__proto__":1}'), large: 2n ** 60n })]) {
    const [json] = Object.values(shown.payload).slice(-1) as [object];
    t.true(Object.hasOwn(json, '__proto__'));
    t.is(Object.getPrototypeOf(json), Object.prototype);
  }
});

test('a view has room for long strings of any characters beside large integers', (t) => {
  const large = 2n ** 64n - 1n;
  for (const text of [
    'x'.repeat(10 << 20),
    '\n'.repeat(7 << 20),
    '\\'.repeat(7 << 20),
    '"\\"'.repeat(2 << 20),
    '1'.repeat(10 << 20),
  ]) {
    const event = toolCalled({ before: large, [text.slice(0, 9)]: text, after: large });
    const view = event.payload['args_redacted'] as Record<string, unknown>;
    t.true(view[text.slice(0, 9)] === text);
    t.deepEqual([view['before'], view['after']], [large, large]);
  }
});

test('events is frozen', (t) => {
  t.true(Object.isFrozen(events));
  t.deepEqual(Object.keys(events).toSorted(), [
    'custom',
    'fromJSON',
    'modelInvoked',
    'parse',
    'payloadErased',
    'sessionEnded',
    'sessionStarted',
    'tokenIssued',
    'toolCalled',
    'toolReturned',
    'utteranceCaptured',
    'utteranceSpoken',
  ]);
});
