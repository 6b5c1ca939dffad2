// A head store notices what the ledger alone cannot: that its end was cut, or that another ledger lies in its place. A
// store that fails never loses an event, and is never taken for an empty one.

import {
  copyFileSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import {
  FileHeadStore,
  type Head,
  type HeadStore,
  LedgerError,
  MemoryHeadStore,
  SealwrightRangeError,
  SealwrightTypeError,
  type Session,
  type SignedEvent,
  verifyFile,
} from 'sealwright';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { danglingLink, newFolder, newPath } from './helpers/folders.mts';
import {
  chainOf,
  DIGEST,
  ended,
  key1,
  linesOf,
  openSession,
  openSessionSync,
  textOf,
  writeLedger,
} from './helpers/ledgers.mts';
import { GatedHeadStore, MapHeadStore } from './helpers/stores.mts';

const rollback = { instanceOf: LedgerError, code: 'ERR_ROLLBACK_DETECTED' } as const;
const storeFailed = { instanceOf: LedgerError, code: 'ERR_HEAD_STORE' } as const;
const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
const headOf = ({ seq, selfHash }: SignedEvent): Head => ({ seq, hash: selfHash });
const ledgerId = ([first]: readonly SignedEvent[]) => `ledger:${first?.selfHash}`;
const pathId = (path: string) => `path:${join(realpathSync(dirname(path)), 'ledger.ndjson')}`;

/** A store whose answers come later. */
class SlowHeadStore implements HeadStore {
  readonly inner = new MapHeadStore();

  async get(id: string): Promise<Head | null> {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return this.inner.get(id);
  }

  async set(id: string, head: Head): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 2));
    this.inner.set(id, head);
  }
}

const stores: Record<string, (t: ExecutionContext) => HeadStore> = {
  'a file': (t) => new FileHeadStore(newPath(t, 'heads.json')),
  memory: () => new MemoryHeadStore(),
  'a store of the caller': () => new MapHeadStore(),
  'an asynchronous store of the caller': () => new SlowHeadStore(),
};

/** A ledger of five events that the store knows. */
async function known(
  t: ExecutionContext,
  store: HeadStore,
  wait: boolean,
): Promise<{ path: string; signed: SignedEvent[] }> {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, headStore: { store, wait } });
  const signed = [
    await session.record(ended(0)),
    ...(await session.recordMany([1, 2, 3].map(ended))),
    await session.record(ended(4)),
  ];
  await session.close();
  await stored(store, ledgerId(signed), 4);
  return { path, signed };
}

/** Waits until the store has the head with a seq: without `wait` it is told behind the caller's back. */
async function stored(store: HeadStore, id: string, seq: number): Promise<void> {
  while ((await store.get(id))?.seq !== seq) await new Promise(setImmediate);
}

for (const [name, newStore] of Object.entries(stores)) {
  for (const wait of [true, false]) {
    const title = `${name}, wait: ${wait}`;

    test(`${title}: keeps the last event under the ledger's id, and the first under the path's`, async (t) => {
      const store = newStore(t);
      const { path, signed } = await known(t, store, wait);
      t.deepEqual(await store.get(ledgerId(signed)), headOf(signed[4] as SignedEvent));
      t.deepEqual(await store.get(pathId(path)), headOf(signed[0] as SignedEvent));
      t.is(await store.get('ledger:nothing'), null);
      const session = await openSession(t, { ledgerPath: path, headStore: { store, wait } });
      t.is((await session.record(ended(5))).seq, 5);
      t.is(session.headStoreError, null);
      t.deepEqual(session.recovery, { tail: null, unacknowledged: null });
      await session.close();
      await stored(store, ledgerId(signed), 5);
    });

    test(`${title}: whatever was taken away is noticed, and nothing is appended`, async (t) => {
      const store = newStore(t);
      const { path, signed } = await known(t, store, wait);
      const whole = textOf(signed);
      const lastRewritten = chainOf(5).map((event) => event.toLine());
      const losses: Record<string, string | undefined> = {
        'the last event': textOf(signed.slice(0, 4)),
        'all but the first': textOf(signed.slice(0, 1)),
        'every event': '',
        'the file': undefined,
        'the end of the last event': whole.slice(0, -100),
        'the end, as zeros': `${whole.slice(0, -100)}${'\0'.repeat(99)}\n`,
        'the ledger, for another of the same key': `${lastRewritten.join('\n')}\n`,
      };
      for (const [what, text] of Object.entries(losses)) {
        if (text === undefined) rmSync(path);
        else writeFileSync(path, text);
        await rejectsError(t, () => openSession(t, { ledgerPath: path, headStore: store }), rollback, what);
        await rejectsError(
          t,
          () => openSession(t, { ledgerPath: path, headStore: store, tornTail: 'quarantine' }),
          rollback,
          what,
        );
        if (text === undefined) t.false(existsSync(path), what);
        else t.is(readFileSync(path, 'utf8'), text, what);
        writeFileSync(path, whole);
      }
      t.is((await openSession(t, { ledgerPath: path, headStore: store })).head?.seq, 4);
    });

    test(`${title}: an event rewritten and signed again is noticed`, async (t) => {
      const store = newStore(t);
      const { path, signed } = await known(t, store, wait);
      // Whoever has the key goes on from event 3 in another way.
      writeFileSync(path, textOf(signed.slice(0, 4)));
      const forger = await openSession(t, { ledgerPath: path });
      await forger.record(ended('forged'));
      await forger.record(ended('more'));
      await forger.close();
      t.is((await verifyFile(path, { signers: key1.publicKeyHex })).eventCount, 6);
      await rejectsError(t, () => openSession(t, { ledgerPath: path, headStore: store }), rollback);
    });

    test(`${title}: a ledger that was moved keeps its head`, async (t) => {
      const store = newStore(t);
      const { path, signed } = await known(t, store, wait);
      const moved = join(dirname(path), 'moved.ndjson');
      renameSync(path, moved);
      writeFileSync(moved, textOf(signed.slice(0, 3)));
      await rejectsError(t, () => openSession(t, { ledgerPath: moved, headStore: store }), rollback);
      writeFileSync(moved, textOf(signed));
      t.is((await (await openSession(t, { ledgerPath: moved, headStore: store })).record(ended(5))).seq, 5);
    });

    // A store that is not waited for may be behind what was acknowledged.
    test(`${title}: events that it was not told of are ${wait ? '' : 'not '}named as unacknowledged`, async (t) => {
      const store = newStore(t);
      const { path, signed } = await known(t, store, wait);
      const without = await openSession(t, { ledgerPath: path });
      await without.recordMany([5, 6, 7].map(ended));
      await without.close();
      const session = await openSession(t, { ledgerPath: path, headStore: { store, wait } });
      t.deepEqual(session.recovery, { tail: null, unacknowledged: wait ? { from: 5, to: 7 } : null });
      t.is((await session.record(ended(8))).seq, 8);
      await session.close();
      await stored(store, ledgerId(signed), 8);
    });
  }

  test(`${name}: several ledgers, each with its own head`, async (t) => {
    const store = newStore(t);
    const ledgers = [await known(t, store, true), await known(t, store, true)];
    for (const { path, signed } of ledgers)
      t.deepEqual(await store.get(ledgerId(signed)), headOf(signed[4] as SignedEvent), path);
    const [one, other] = ledgers as [(typeof ledgers)[0], (typeof ledgers)[0]];
    copyFileSync(other.path, one.path);
    await rejectsError(t, () => openSession(t, { ledgerPath: one.path, headStore: store }), rollback);
  });
}

test('a head far before the end is searched for from the beginning', async (t) => {
  const path = newPath(t);
  const chain = chainOf(4000);
  writeLedger(path, chain);
  const head = headOf(chain[7] as SignedEvent);
  for (const store of [new MemoryHeadStore(), new MapHeadStore()]) {
    store.set(ledgerId(chain), head);
    const session = await openSession(t, { ledgerPath: path, headStore: { store, wait: true } });
    t.deepEqual(session.recovery.unacknowledged, { from: 8, to: 3999 });
    await session.close();
    const wrong = new MemoryHeadStore();
    wrong.set(ledgerId(chain), { seq: 7, hash: DIGEST });
    await rejectsError(t, () => openSession(t, { ledgerPath: path, headStore: wrong }), rollback);
  }
});

test('an entry of the path alone is enough to notice a missing ledger, in a missing folder too', async (t) => {
  const store = new MapHeadStore();
  const path = join(realpathSync(newFolder(t)), 'ledger.ndjson');
  store.set(pathId(path), { seq: 0, hash: DIGEST });
  await rejectsError(t, () => openSession(t, { ledgerPath: path, headStore: store }), rollback);
  throwsError(t, () => openSessionSync(t, { ledgerPath: path, headStore: store }), rollback);
  t.false(existsSync(path));
  t.is((await (await openSession(t, { ledgerPath: path })).record(ended(0))).seq, 0);
});

test('the ids of a store of the caller: the ledger by its first event, the path with its links resolved', async (t) => {
  const store = new MapHeadStore();
  const path = newPath(t);
  const link = `${path}.link`;
  writeLedger(path, chainOf(2));
  symlinkSync(path, link);
  const session = await openSession(t, { ledgerPath: link, headStore: { store, wait: true } });
  const ids = [ledgerId(chainOf(1)), pathId(path)];
  t.deepEqual(store.asked.toSorted(), ids.toSorted());
  const signed = await session.recordMany([ended(2), ended(3)]);
  await session.record(ended(4));
  t.deepEqual(
    store.told.map(([id]) => id),
    [...ids, ids[0]],
  );
  t.deepEqual(store.told[0], [ids[0], headOf(signed[1] as SignedEvent)]);
  t.deepEqual(store.told[1], [ids[1], { seq: 0, hash: chainOf(1)[0]?.selfHash }]);
});

test('a group of records tells the store once', async (t) => {
  const store = new GatedHeadStore();
  const session = await openSession(t, { ledgerPath: newPath(t), headStore: { store, wait: true } });
  await session.record(ended(0));
  store.inner.told.length = 0;
  const reached = store.close();
  const records = [session.record(ended(1))];
  await reached;
  for (let index = 2; index < 50; index += 1) records.push(session.record(ended(index)));
  store.open();
  await Promise.all(records);
  t.deepEqual(
    store.inner.told.map(([, { seq }]) => seq),
    [1, 49],
  );
});

test('with wait a record settles behind its head; without, at once', async (t) => {
  for (const wait of [true, false]) {
    const store = new GatedHeadStore();
    const path = newPath(t);
    const session = await openSession(t, { ledgerPath: path, headStore: { store, wait } });
    const reached = store.close();
    let settled = false;
    const record = session.record(ended(0)).then(() => (settled = true));
    await reached;
    if (wait) await new Promise((resolve) => setTimeout(resolve, 20));
    else await record;
    t.is(settled, !wait);
    t.is(linesOf(path).length, 1);
    store.open();
    await record;
    await session.close();
  }
});

test('openSync refuses a store that answers with a promise', (t) => {
  const refused = { instanceOf: LedgerError, code: 'ERR_SESSION_OPTIONS' } as const;
  const failing: HeadStore = { get: () => Promise.reject(new Error('later')), set: () => {} };
  for (const store of [new SlowHeadStore(), failing]) {
    const path = newPath(t);
    throwsError(t, () => openSessionSync(t, { ledgerPath: path, headStore: store }), refused);
    t.false(existsSync(path));
  }
});

test('a caller that would wait for a store of its own thread is refused, and nothing is lost', async (t) => {
  const store = new GatedHeadStore();
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, headStore: { store, wait: true } });
  await session.record(ended(0));
  throwsError(t, () => session.recordSync(ended('x')), {
    instanceOf: LedgerError,
    code: 'ERR_SESSION_OPTIONS',
    outcome: 'not-written',
  });
  const reached = store.close();
  const record = session.record(ended(1));
  await reached;
  throwsError(t, () => session.closeSync(), { instanceOf: LedgerError, code: 'ERR_SESSION_OPTIONS' });
  store.open();
  t.is((await record).seq, 1);
  t.is((await session.record(ended(2))).seq, 2);
  session.closeSync();
  t.is(linesOf(path).length, 3);
});

/** Records through a store that fails, and heals it. */
async function failsAndHeals(t: ExecutionContext, session: Session, heal: () => void, message: RegExp): Promise<void> {
  const untilError = async (wanted: boolean) => {
    while ((session.headStoreError !== null) !== wanted) await new Promise(setImmediate);
  };
  t.is((await session.record(ended('lost to the store'))).seq, 0);
  await untilError(true);
  t.regex(session.headStoreError ?? '', message);
  t.is((await session.record(ended('still'))).seq, 1);
  heal();
  t.is((await session.record(ended('healed'))).seq, 2);
  await untilError(false);
}

for (const wait of [true, false]) {
  test(`a store of the caller that fails loses no event, wait: ${wait}`, async (t) => {
    const thrown: [unknown, RegExp][] = [
      [new Error('the network is down'), /the network is down/],
      ['just text', /just text/],
      [undefined, /undefined/],
      [{ toString: () => Reflect.ownKeys(1 as never) }, /no text/],
    ];
    for (const [value, message] of thrown) {
      for (const asynchronous of [true, false]) {
        const inner = new MapHeadStore();
        let fails = true;
        const store: HeadStore = {
          get: (id) => inner.get(id),
          set: (id, head) => {
            if (!fails) return inner.set(id, head);
            if (asynchronous) return Promise.reject(value);
            throw value;
          },
        };
        const path = newPath(t);
        const session = await openSession(t, { ledgerPath: path, headStore: { store, wait } });
        await failsAndHeals(t, session, () => (fails = false), message);
        t.is(linesOf(path).length, 3);
        t.is([...inner.heads.keys()].length, 2);
      }
    }
  });

  test(`a store file that breaks while the ledger is open loses no event, wait: ${wait}`, async (t) => {
    const heads = newPath(t, 'heads.json');
    const store = new FileHeadStore(heads);
    const path = newPath(t);
    const session = await openSession(t, { ledgerPath: path, headStore: { store, wait } });
    writeFileSync(heads, '{"torn');
    await failsAndHeals(t, session, () => rmSync(heads), /heads\.json/);
    t.is(linesOf(path).length, 3);
    await session.close();
    t.is(store.get(ledgerId([...(await readLedger(path))]))?.seq, 2);
  });
}

async function readLedger(path: string): Promise<SignedEvent[]> {
  const { SignedEvent } = await import('sealwright');
  return linesOf(path).map((line) => SignedEvent.parse(line));
}

test('a store of the caller that cannot be asked: the ledger is not opened', async (t) => {
  const cause = new Error('no connection');
  const path = newPath(t);
  const rejecting: HeadStore = { get: () => Promise.reject(cause), set: () => {} };
  const throwing: HeadStore = {
    get: () => {
      throw cause;
    },
    set: () => {},
  };
  for (const store of [rejecting, throwing]) {
    await rejectsError(t, () => openSession(t, { ledgerPath: path, headStore: store }), { ...storeFailed, cause });
  }
  throwsError(t, () => openSessionSync(t, { ledgerPath: path, headStore: throwing }), { ...storeFailed, cause });
  t.false(existsSync(path));
});

test('an answer that is no head is a failure of the store, not an empty store', async (t) => {
  const path = newPath(t);
  writeLedger(path, chainOf(2));
  const hash = chainOf(2)[1]?.selfHash;
  const answers: unknown[] = [
    0,
    '',
    'text',
    {},
    [],
    { seq: 1 },
    { hash },
    { seq: '1', hash },
    { seq: -1, hash },
    { seq: 0.5, hash },
    { seq: 1n, hash },
    { seq: 1, hash: 'abc' },
    { seq: 1, hash: hash?.toUpperCase() },
    { seq: 1, hash: 7 },
  ];
  for (const answer of answers) {
    const store = { get: () => answer, set: () => {} } as unknown as HeadStore;
    await rejectsError(t, () => openSession(t, { ledgerPath: path, headStore: store }), storeFailed, inspect(answer));
  }
  for (const nothing of [null, undefined]) {
    const store = { get: () => nothing, set: () => {} } as unknown as HeadStore;
    (await openSession(t, { ledgerPath: path, headStore: store })).closeSync();
  }
  // Properties of the store's own may be beside it, and it may be a class.
  const get = (id: string) => (id.startsWith('ledger:') ? { seq: 1, hash, storedAt: 'now' } : null);
  const store = { get, set: () => {} } as unknown as HeadStore;
  t.is((await openSession(t, { ledgerPath: path, headStore: store })).head?.seq, 1);
});

const corruptTexts = [
  '',
  '{',
  'null',
  '[]',
  '"text"',
  '{"a":1}',
  '{"a":[1]}',
  '{"a":[1,"zz"]}',
  `{"a":[-1,"${DIGEST}"]}`,
  `{"a":[1.5,"${DIGEST}"]}`,
  `{"a":["1","${DIGEST}"]}`,
  `{"a":[1,"${DIGEST.toUpperCase()}"]}`,
  `{"a":[1,"${DIGEST}",2]}`,
  '\0\0\0\0',
];

test('a corrupt store file is refused, never taken for an empty one, and left alone', async (t) => {
  const heads = newPath(t, 'heads.json');
  const path = newPath(t);
  const store = new FileHeadStore(heads);
  for (const text of corruptTexts) {
    writeFileSync(heads, text);
    throwsError(t, () => store.get('a'), storeFailed, text);
    throwsError(t, () => store.set('a', { seq: 1, hash: DIGEST }), storeFailed, text);
    await rejectsError(t, () => openSession(t, { ledgerPath: path, headStore: store }), storeFailed, text);
    t.is(readFileSync(heads, 'utf8'), text);
  }
  throwsError(t, () => new FileHeadStore(dirname(heads)).get('a'), storeFailed);
  throwsError(t, () => new FileHeadStore('/dev/zero').get('a'), storeFailed);
  t.false(existsSync(path));
});

test('a store file is private JSON of {id: [seq, hash]}, in folders that are made', (t) => {
  const heads = join(newFolder(t), 'new', 'heads.json');
  const store = new FileHeadStore(heads);
  t.is(store.get('a'), null);
  t.false(existsSync(heads));
  store.set('b', { seq: 3, hash: DIGEST });
  store.set('__proto__', { seq: 0, hash: DIGEST });
  t.is(readFileSync(heads, 'utf8').trim(), `{"__proto__":[0,"${DIGEST}"],"b":[3,"${DIGEST}"]}`);
  t.is(statSync(heads).mode & 0o777, 0o600);
  t.deepEqual(new FileHeadStore(heads).get('__proto__'), { seq: 0, hash: DIGEST });
});

test('a dangling link is no store file: nothing is written at its target', async (t) => {
  const { link, target } = danglingLink(t);
  const store = new FileHeadStore(link);
  throwsError(t, () => store.get('a'), storeFailed);
  throwsError(t, () => store.set('a', { seq: 1, hash: DIGEST }), storeFailed);
  await rejectsError(t, () => openSession(t, { ledgerPath: newPath(t), headStore: store }), storeFailed);
  t.false(existsSync(target));
});

test('a link to a store file is followed', async (t) => {
  const heads = newPath(t, 'heads.json');
  const link = `${heads}.link`;
  new FileHeadStore(heads).set('a', { seq: 1, hash: DIGEST });
  symlinkSync(heads, link);
  new FileHeadStore(link).set('a', { seq: 2, hash: DIGEST });
  t.is(new FileHeadStore(heads).get('a')?.seq, 2);
  const path = newPath(t);
  await openSession(t, { ledgerPath: path, headStore: new FileHeadStore(heads) });
  await openSession(t, { ledgerPath: path, headStore: new FileHeadStore(link) });
});

for (const [name, newStore] of Object.entries({
  FileHeadStore: (t: ExecutionContext) => new FileHeadStore(newPath(t, 'heads.json')),
  MemoryHeadStore: () => new MemoryHeadStore(),
})) {
  test(`${name} moves heads forward only`, (t) => {
    const store = newStore(t);
    const other = 'b'.repeat(64);
    store.set('a', { seq: 3, hash: DIGEST });
    store.set('a', { seq: 2, hash: other });
    t.deepEqual(store.get('a'), { seq: 3, hash: DIGEST });
    store.set('a', { seq: 3, hash: DIGEST });
    t.deepEqual(store.get('a'), { seq: 3, hash: DIGEST });
    throwsError(t, () => store.set('a', { seq: 3, hash: other }), storeFailed);
    store.set('a', { seq: 9, hash: other });
    store.set('a', { seq: Number.MAX_SAFE_INTEGER, hash: other });
    t.deepEqual(store.get('a'), { seq: Number.MAX_SAFE_INTEGER, hash: other });
    t.is(store.get('b'), null);
  });

  test(`${name} refuses wrong arguments`, (t) => {
    const store = newStore(t);
    for (const id of [undefined, null, 1, '\ud800', {}]) {
      throwsError(t, () => store.get(id as string), invalid);
      throwsError(t, () => store.set(id as string, { seq: 1, hash: DIGEST }), invalid);
    }
    for (const head of [
      undefined,
      null,
      1,
      [],
      {},
      { seq: 1 },
      { seq: '1', hash: DIGEST },
      { seq: 1, hash: 'abc' },
      { seq: 1, hash: DIGEST, extra: 1 },
      { seq: 1, hash: '\ud800' },
    ]) {
      throwsError(t, () => store.set('a', head as Head), invalid, inspect(head));
    }
    for (const seq of [-1, 0.5, 2 ** 53])
      throwsError(t, () => store.set('a', { seq, hash: DIGEST }), {
        instanceOf: SealwrightRangeError,
        code: 'ERR_OUT_OF_RANGE',
      });
    t.is(store.get('a'), null);
  });
}

test('FileHeadStore refuses what is no path', (t) => {
  for (const path of [undefined, null, '', 1, 'a\0', '\ud800', new URL('https://example.com')])
    throwsError(t, () => new FileHeadStore(path as string), invalid);
});

test('two stores of one file are one store', async (t) => {
  const heads = newPath(t, 'heads.json');
  const path = newPath(t);
  await openSession(t, { ledgerPath: path, headStore: new FileHeadStore(heads) });
  await openSession(t, { ledgerPath: path, headStore: new FileHeadStore(heads) });
  await rejectsError(t, () => openSession(t, { ledgerPath: path, headStore: new FileHeadStore(`${heads}2`) }), {
    instanceOf: LedgerError,
    code: 'ERR_SESSION_OPTIONS',
  });
  t.pass();
});
