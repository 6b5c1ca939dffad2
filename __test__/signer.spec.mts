// With a signer of the caller's nothing is written that it has not signed; whatever it does ends in an error of the
// record, and the next record goes on where the ledger ended.

import { createHash, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import {
  type Head,
  LedgerError,
  SealwrightRangeError,
  SealwrightTypeError,
  Session,
  type SessionOptions,
  SignedEvent,
  type Signer,
  type SignRequest,
} from 'sealwright';
import { verifyFile as crosscheckFile } from 'sealwright/crosscheck';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { ended, isIntact, key1, key2, linesOf, openSession, reasonsOf, seed1, seed2 } from './helpers/ledgers.mts';
import { nodeKey, RecordingSigner } from './helpers/signers.mts';
import { GatedHeadStore, MapHeadStore } from './helpers/stores.mts';

const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
const refused = { instanceOf: LedgerError, code: 'ERR_SESSION_OPTIONS' } as const;
const clean = { instanceOf: LedgerError, outcome: 'not-written' } as const;

type Opening = Omit<SessionOptions, 'ledgerPath' | 'sessionId'>;

/** A session that the test closes, or its end. */
async function opened(t: ExecutionContext, path: string, options: Opening): Promise<Session> {
  return openSession(t, { keypair: undefined, ledgerPath: path, ...options });
}

/** The events of a ledger. */
function eventsOf(path: string): SignedEvent[] {
  return linesOf(path).map((line) => SignedEvent.parse(line));
}

/** Asserts that a ledger of the first key is whole, to both verifiers. */
async function isWhole(t: ExecutionContext, path: string, expected: readonly (string | number)[]): Promise<void> {
  t.deepEqual(reasonsOf(eventsOf(path)), expected.map(String));
  await isIntact(t, path, expected.length);
  const head = eventsOf(path).at(-1);
  const expectedHead: Head | undefined = head && { seq: head.seq, hash: head.selfHash };
  t.is((await crosscheckFile(path, { signers: key1.publicKeyHex, expectedHead })).verdict, 'verified');
}

test('each event is signed once, shown as it is hashed, and the ledger is that of the key', async (t) => {
  const path = newPath(t);
  const signer = new RecordingSigner();
  const session = await opened(t, path, { signer });
  t.is(session.publicKeyHex, key1.publicKeyHex);
  await session.record(ended(0));
  await session.recordMany([ended(1), ended(2)]);
  await session.close();
  await (await openSession(t, { ledgerPath: path })).record(ended(3));

  const signed = eventsOf(path);
  for (const [index, { message, canonical, hash, seq, parentHash }] of signer.asked.entries()) {
    const event = signed[index] as SignedEvent;
    t.deepEqual({ hash, seq, parentHash }, { hash: event.selfHash, seq: index, parentHash: event.parentHash });
    t.is(Buffer.from(message).toString('hex'), hash);
    t.is(createHash('sha256').update(canonical).digest('hex'), hash);
    t.deepEqual(Object.keys(JSON.parse(Buffer.from(canonical).toString())), [
      'event',
      'parent_hash',
      'seq',
      'timestamp_nanos',
    ]);
  }
  t.is(signer.asked.length, 3);
  t.true(signer.signals.every(({ aborted }) => !aborted));
  await isWhole(t, path, [0, 1, 2, 3]);
});

test('a public key may be PEM, and a signature may come at once', async (t) => {
  const path = newPath(t);
  const inner = new RecordingSigner();
  const publicKey = createPublicKey(nodeKey(seed1)).export({ format: 'pem', type: 'spki' }).toString();
  const session = await opened(t, path, { signer: { publicKey, sign: (request) => inner.signature(request) } });
  t.is(session.publicKeyHex, key1.publicKeyHex);
  t.is((await session.record(ended(0))).signerPubkey, key1.publicKeyHex);
  await isWhole(t, path, [0]);
});

test('a group is signed at once, 64 at a time, and answers may come in any order', async (t) => {
  const path = newPath(t);
  const signer = new RecordingSigner();
  let first = true;
  // Each wave waits until it is full, and ends from its last request to its first.
  const waves: (() => void)[][] = [[]];
  signer.answer = () => {
    if (first) {
      first = false;
      return undefined;
    }
    const wave = waves.at(-1) as (() => void)[];
    return new Promise<void>((resolve) => {
      wave.push(resolve);
      const whole = Math.min(64, 150 - 64 * (waves.length - 1));
      if (wave.length < whole) return;
      waves.push([]);
      for (const answer of wave.toReversed()) setImmediate(answer);
    }).then(() => undefined);
  };
  const session = await opened(t, path, { signer });
  await session.record(ended('first'));
  const many = Array.from({ length: 150 }, (_, index) => index);
  await session.recordMany(many.map((index) => ended(index)));
  t.is(signer.mostUnderWay, 64);
  t.deepEqual(
    signer.asked.map(({ seq }) => seq),
    Array.from({ length: 151 }, (_, seq) => seq),
  );
  await isWhole(t, path, ['first', ...many]);
});

/** What a signer may answer that is no signature of the event. */
const wrongAnswers: Record<string, (request: SignRequest, signer: RecordingSigner) => unknown> = {
  'of another key': (request) => new RecordingSigner(seed2).signature(request),
  'of the hash in hex': (request, signer) => signer.signature({ ...request, message: Buffer.from(request.hash) }),
  'of the text': (request, signer) => signer.signature({ ...request, message: request.canonical }),
  'of zeros': () => new Uint8Array(64),
  'that is too short': (request, signer) => signer.signature(request).subarray(0, 63),
  'that is too long': (request, signer) => Buffer.concat([signer.signature(request), Buffer.from([0])]),
  'that is empty': () => new Uint8Array(0),
  'in hex': (request, signer) => Buffer.from(signer.signature(request)).toString('hex'),
  'in an ArrayBuffer': (request, signer) => Uint8Array.from(signer.signature(request)).buffer,
  'as an array': (request, signer) => [...signer.signature(request)],
  'in wider numbers': (request, signer) => Uint16Array.from(signer.signature(request)),
  'whose memory was given away': (request, signer) => {
    const bytes = Uint8Array.from(signer.signature(request));
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    return bytes;
  },
  'behind a proxy': (request, signer) => new Proxy(Uint8Array.from(signer.signature(request)), {}),
  'that is null': () => null,
  'that is a symbol': () => Symbol('signature'),
  'that is a function': () => () => {},
};

for (const [name, answer] of Object.entries(wrongAnswers)) {
  test(`a signature ${name} is refused, and nothing is written`, async (t) => {
    const path = newPath(t);
    const signer = new RecordingSigner();
    const session = await opened(t, path, { signer });
    await session.record(ended('before'));
    const before = readFileSync(path);
    signer.answer = (request) => (request.seq === 2 ? answer(request, signer) : undefined);
    const expected = { ...clean, code: 'ERR_SIGNATURE_INVALID' } as const;
    await rejectsError(t, () => session.recordMany([ended('lost'), ended('lost, too')]), expected);
    t.deepEqual(readFileSync(path), before);
    t.is(session.head?.seq, 0);
    signer.answer = () => undefined;
    t.is((await session.record(ended('after'))).seq, 1);
    await isWhole(t, path, ['before', 'after']);
  });
}

test('bytes that only look like others are read as they are', async (t) => {
  const path = newPath(t);
  const signer = new RecordingSigner();
  class Odd extends Uint8Array {
    static get [Symbol.species](): never {
      throw new Error('copied with code of the value');
    }
  }
  signer.answer = (request) => {
    const bytes = new Odd(signer.signature(request));
    const zeros = { value: () => new Uint8Array(64) };
    return Object.defineProperties(bytes, { length: { value: 3 }, slice: zeros, [Symbol.iterator]: zeros });
  };
  const session = await opened(t, path, { signer });
  await session.record(ended(0));
  await isWhole(t, path, [0]);
});

for (const [name, fail, message] of [
  ['rejects', () => Promise.reject(new Error('the key is disabled')), /the signer failed: the key is disabled$/],
  ['rejects with nothing', () => Promise.reject(undefined), /the signer failed: undefined$/],
  [
    'throws',
    () => {
      throw new TypeError('no network');
    },
    /the signer failed: no network$/,
  ],
  [
    'throws what has no text',
    () => {
      throw { toString: () => Reflect.ownKeys(1 as never) };
    },
    /no text$/,
  ],
  ['gives what throws when it is awaited', () => new Proxy({}, { get: () => Reflect.ownKeys(1 as never) }), /the signer failed: /],
] as const) {
  for (const asynchronous of [false, true]) {
    const title = `a signer that ${name}${asynchronous ? ' later' : ''} fails the record, and the next one goes on`;
    test(title, async (t) => {
      const path = newPath(t);
      const inner = new RecordingSigner();
      let fails = true;
      const signer: Signer = {
        publicKey: key1.publicKeyHex,
        sign(request) {
          if (!fails) return inner.signature(request);
          if (!asynchronous) return fail() as never;
          return new Promise((resolve) => setTimeout(resolve, 1)).then(fail) as Promise<never>;
        },
      };
      const session = await opened(t, path, { signer });
      for (let attempt = 0; attempt < 2; attempt += 1) {
        const error = await rejectsError(t, () => session.record(ended('lost')), { ...clean, code: 'ERR_SIGNER_FAILED' });
        t.regex(error.message, message);
      }
      fails = false;
      t.is((await session.record(ended('after'))).seq, 0);
      await isWhole(t, path, ['after']);
    });
  }
}

test('the first failure of a group ends the others: their signals fire, nobody waits for them', async (t) => {
  const path = newPath(t);
  const signer = new RecordingSigner();
  const session = await opened(t, path, { signer });
  await session.record(ended(0));
  let late: ((signature: undefined) => void) | undefined;
  signer.answer = ({ seq }, { signal }) => {
    if (seq === 1) return undefined;
    if (seq === 3) return new Promise((_, reject) => setTimeout(() => reject(new Error('throttled')), 20));
    if (seq === 4) return new Promise((resolve) => (late = resolve));
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  };
  const expected = { ...clean, code: 'ERR_SIGNER_FAILED' } as const;
  await rejectsError(t, () => session.recordMany([1, 2, 3, 4, 5].map(ended)), expected);
  await new Promise(setImmediate);
  t.deepEqual(
    signer.signals.map(({ aborted }) => aborted),
    [false, false, true, false, true, true],
  );
  signer.answer = () => undefined;
  const next = session.record(ended('next'));
  late?.(undefined);
  t.is((await next).seq, 1);
  await isWhole(t, path, [0, 'next']);
});

test('a signer that never answers is given up after signTimeoutMs, and its signal fires', async (t) => {
  const path = newPath(t);
  const signer = new RecordingSigner();
  signer.answer = () => new Promise(() => {});
  const session = await opened(t, path, { signer, signTimeoutMs: 50 });
  const started = performance.now();
  // The second group begins when the first has ended, with a time of its own.
  const first = session.recordMany([ended('lost'), ended('lost, too')]);
  const results = await Promise.allSettled([first, session.record(ended('lost as well'))]);
  const elapsed = performance.now() - started;
  for (const result of results) {
    t.is(result.status, 'rejected');
    t.like((result as PromiseRejectedResult).reason, { code: 'ERR_SIGNER_TIMEOUT', outcome: 'not-written' });
  }
  t.true(elapsed >= 49, `${elapsed} ms`);
  await new Promise(setImmediate);
  t.true(signer.signals.every(({ aborted }) => aborted));
  await session.close();
  t.is((await (await opened(t, path, { signer: new RecordingSigner() })).record(ended('after'))).seq, 0);
  await isWhole(t, path, ['after']);
});

test('closing waits for what is being signed, and for what is queued behind it', async (t) => {
  const path = newPath(t);
  const signer = new RecordingSigner();
  const session = await opened(t, path, { signer });
  const reached = signer.close();
  const first = session.record(ended(0));
  await reached;
  const second = session.record(ended(1));
  let closed = false;
  const closing = session.close().then(() => (closed = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.false(closed);
  signer.open();
  t.deepEqual([(await first).seq, (await second).seq], [0, 1]);
  await closing;
  await isWhole(t, path, [0, 1]);
});

test('closing while a signer fails or hangs ends all the same', async (t) => {
  const path = newPath(t);
  const signer = new RecordingSigner();
  signer.answer = () => new Promise(() => {});
  const session = await opened(t, path, { signer, signTimeoutMs: 30 });
  const records = Promise.allSettled([session.record(ended(0)), session.record(ended(1))]);
  await session.close();
  t.deepEqual(
    (await records).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  t.is(readFileSync(path, 'utf8'), '');
});

test('a record is taken back while it is queued, not while it is being signed', async (t) => {
  const path = newPath(t);
  const signer = new RecordingSigner();
  const session = await opened(t, path, { signer });
  const reached = signer.close();
  const controller = new AbortController();
  const taken = session.record(ended(0), { signal: controller.signal });
  await reached;
  const queued = session.record(ended('withdrawn'), { signal: controller.signal });
  controller.abort(new Error('enough'));
  await t.throwsAsync(queued, { message: 'enough' });
  t.false(signer.signals[0]?.aborted);
  signer.open();
  t.is((await taken).seq, 0);
  await isWhole(t, path, [0]);
});

test('a call that would block the thread of the signer is refused, and nothing is lost', async (t) => {
  const path = newPath(t);
  const signer = new RecordingSigner();
  const session = Session.openSync({ signer, ledgerPath: path, sessionId: 'test' });
  t.teardown(() => session.close());
  const other = await openSession(t, { ledgerPath: path });
  throwsError(t, () => session.recordSync(ended('x')), { ...refused, outcome: 'not-written' });
  throwsError(t, () => other.recordSync(ended('x')), { ...refused, outcome: 'not-written' });
  const reached = signer.close();
  const record = session.record(ended(0));
  await reached;
  throwsError(t, () => session.closeSync(), refused);
  throwsError(t, () => session[Symbol.dispose](), refused);
  signer.open();
  await record;
  session.closeSync();
  t.is(other.recordSync(ended(1)).seq, 1, 'the key of the other session signs now');
  await isWhole(t, path, [0, 1]);
});

test('sessions with signers of one key share the writer; the one open longest signs', async (t) => {
  const path = newPath(t);
  const [first, second] = [new RecordingSigner(), new RecordingSigner()];
  const sessions = [await opened(t, path, { signer: first }), await opened(t, path, { signer: second })] as const;
  const other = { publicKey: key2.publicKeyHex, sign: () => new Uint8Array(64) };
  const mismatch = { instanceOf: LedgerError, code: 'ERR_SIGNER_MISMATCH' } as const;
  await rejectsError(t, () => opened(t, path, { signer: other }), mismatch);
  await sessions[1].record(ended(0));
  t.deepEqual([first.asked.length, second.asked.length], [1, 0]);
  await sessions[0].close();
  await sessions[1].record(ended(1));
  t.deepEqual([first.asked.length, second.asked.length], [1, 1]);
  await sessions[1].close();
  await rejectsError(t, () => opened(t, path, { signer: other }), mismatch);
  await isWhole(t, path, [0, 1]);
});

test('signer and head store of the caller may both need its thread', async (t) => {
  for (const wait of [true, false]) {
    const path = newPath(t);
    const store = new MapHeadStore();
    const session = await opened(t, path, { signer: new RecordingSigner(), headStore: { store, wait } });
    const signed = await Promise.all([session.record(ended(0)), session.record(ended(1))]);
    await session.close();
    t.deepEqual(store.heads.get(`ledger:${signed[0].selfHash}`), { seq: 1, hash: signed[1].selfHash });
    await isWhole(t, path, [0, 1]);
  }
  const gated = new GatedHeadStore();
  const path = newPath(t);
  const session = await opened(t, path, { signer: new RecordingSigner(), headStore: { store: gated, wait: true } });
  const reached = gated.close();
  const first = session.record(ended(0));
  await reached;
  const second = session.record(ended(1));
  gated.open();
  t.deepEqual([(await first).seq, (await second).seq], [0, 1]);
});

test('what is no signer is refused before anything is opened', async (t) => {
  const path = newPath(t);
  const sign = () => new Uint8Array(64);
  const publicKey = key1.publicKeyHex;
  const open = (options: object) => () => Session.open({ ledgerPath: path, sessionId: 'test', ...options });
  for (const signer of [null, 1, 'signer', [], {}, { publicKey }, { sign }, { publicKey, sign: 'sign' }, () => {}]) {
    await rejectsError(t, open({ signer }), invalid, inspect(signer));
  }
  for (const key of [undefined, null, 1, Buffer.alloc(32), '\ud800']) {
    await rejectsError(t, open({ signer: { publicKey: key, sign } }), invalid, inspect(key));
  }
  for (const key of ['', 'abc', '0'.repeat(64), key1.fingerprint]) {
    const unusable = { instanceOf: SealwrightTypeError, code: 'ERR_PUBLIC_KEY' } as const;
    await rejectsError(t, open({ signer: { publicKey: key, sign } }), unusable, key);
  }
  await rejectsError(t, open({ signer: { publicKey, sign }, keypair: key1 }), invalid);
  await rejectsError(t, open({}), invalid);
  await rejectsError(t, open({ keypair: key1, signTimeoutMs: 1000 }), invalid);
  for (const signTimeoutMs of [null, '1', true]) {
    await rejectsError(t, open({ signer: { publicKey, sign }, signTimeoutMs }), invalid);
  }
  for (const signTimeoutMs of [0, -1, 0.5, 2 ** 32, Number.NaN]) {
    const outOfRange = { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' } as const;
    await rejectsError(t, open({ signer: { publicKey, sign }, signTimeoutMs }), outOfRange);
  }
  t.throws(() => readFileSync(path), { code: 'ENOENT' } as object);
});

test('a signer is called as a method, and its properties are read when the session is opened', async (t) => {
  const path = newPath(t);
  class Service {
    reads = 0;
    readonly #inner = new RecordingSigner();
    get publicKey(): string {
      this.reads += 1;
      return key1.publicKeyHex;
    }
    sign(request: SignRequest): Uint8Array {
      return this.#inner.signature(request);
    }
  }
  const signer = new Service();
  Object.defineProperty(signer.sign, 'bind', { value: () => () => new Uint8Array(64) });
  const session = await opened(t, path, { signer });
  signer.sign = () => new Uint8Array(64);
  await session.record(ended(0));
  t.is(signer.reads, 1);
  await isWhole(t, path, [0]);
});
