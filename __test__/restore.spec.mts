// A ledger that was put back on purpose goes on behind an event that says what was lost and why, and its head store goes
// back with it; nothing else is restored.

import { readFileSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import {
  FileHeadStore,
  type Head,
  type HeadStore,
  LedgerError,
  MemoryHeadStore,
  type RestoreOptions,
  SealwrightTypeError,
  Session,
  verifyFile,
} from 'sealwright';
import { verifyFile as crosscheck } from 'sealwright/crosscheck';
import { rejectsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { ended, key1, key2, linesOf } from './helpers/ledgers.mts';

const rollback = { instanceOf: LedgerError, code: 'ERR_ROLLBACK_DETECTED' } as const;
const nothing = { instanceOf: LedgerError, code: 'ERR_NOT_ROLLED_BACK' } as const;
const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;

/** A store of the caller's that answers later. */
class OwnStore implements HeadStore {
  readonly heads = new Map<string, Head>();
  async get(id: string): Promise<Head | null> {
    return this.heads.get(id) ?? null;
  }
  async set(id: string, head: Head): Promise<void> {
    if ((this.heads.get(id)?.seq ?? -1) < head.seq) this.heads.set(id, head);
  }
  async reset(id: string, head: Head): Promise<void> {
    this.heads.set(id, head);
  }
}

/** A ledger of five events, of which three are left; and the options to restore it. */
async function rolledBack(t: ExecutionContext, store: HeadStore): Promise<{ options: RestoreOptions; lost: Head }> {
  const ledgerPath = newPath(t);
  const headStore = { store, wait: true };
  const options = { keypair: key1, ledgerPath, sessionId: 'test', events: 'extended', headStore, reason: 'disk lost' } as const;
  const { reason: _, ...opening } = options;
  const session = await Session.open(opening);
  for (let round = 0; round < 3; round += 1) await session.record(ended(round));
  const backup = readFileSync(ledgerPath);
  await session.recordMany([ended(3), ended(4)]);
  const lost = session.head ?? t.fail();
  await session.close();
  writeFileSync(ledgerPath, backup);
  await rejectsError(t, () => Session.open(opening), rollback);
  return { options, lost: lost as Head };
}

for (const [name, make] of [
  ['in a file', (t: ExecutionContext) => new FileHeadStore(newPath(t, 'heads.json'))],
  ['in memory', () => new MemoryHeadStore()],
  ["of the caller's", () => new OwnStore()],
] as const) {
  test(`with a head store ${name} a ledger is restored once`, async (t) => {
    const store = make(t);
    const { options, lost } = await rolledBack(t, store);
    const { reason, ...opening } = options;
    const path = options.ledgerPath as string;
    const session = await Session.restore(options);
    const line = JSON.parse(linesOf(path)[3] ?? '') as { event: unknown; self_hash: string };
    t.deepEqual(line.event, {
      type: 'LedgerRestored',
      payload: { known_seq: lost.seq, known_hash: lost.hash, reason },
    });
    t.deepEqual(session.head, { seq: 3, hash: line.self_hash });
    t.deepEqual(session.recovery, { tail: null, unacknowledged: null });
    await rejectsError(t, () => Session.restore(options), nothing);
    await session.record(ended('after'));
    await session.close();
    await rejectsError(t, () => Session.restore(options), nothing);
    const again = await Session.open(opening);
    t.is(again.head?.seq, 4);
    await again.close();
    const report = await verifyFile(path, { signers: key1.publicKeyHex });
    const warnings = [{ code: 'ledger_restored', count: 1, firstLine: 4 }];
    t.like(report, { verdict: 'intact', eventCount: 5, warnings });
    t.deepEqual((await crosscheck(path, { signers: key1.publicKeyHex })).toJSON(), report.toJSON());
    // Whoever was given the head that is lost finds that it is.
    t.is((await verifyFile(path, { expectedHead: lost })).code, 'head_mismatch');
    // And the store notices the next time.
    const whole = linesOf(path).slice(0, 4).join('\n');
    writeFileSync(path, `${whole}\n`);
    await rejectsError(t, () => Session.open(opening), rollback);
  });
}

test('a restoration that the head store did not take is completed by the next one', async (t) => {
  const store = new OwnStore();
  const { options } = await rolledBack(t, store);
  const path = options.ledgerPath as string;
  const reset = store.reset.bind(store);
  store.reset = async () => {
    throw new Error('not now');
  };
  await rejectsError(t, () => Session.restore(options), { instanceOf: LedgerError, code: 'ERR_HEAD_STORE' });
  const lines = linesOf(path);
  t.is(lines.length, 4);
  store.reset = reset;
  await (await Session.restore(options)).close();
  t.deepEqual(linesOf(path), lines);
});

test('only a ledger that was rolled back is restored, and by whom it belongs to', async (t) => {
  const { options } = await rolledBack(t, new MemoryHeadStore());
  const { reason: _, headStore: __, ...opening } = options;
  const wrong: [object, object][] = [
    [{ events: 'core' }, { instanceOf: LedgerError, code: 'ERR_EVENT_SET' }],
    [{ keypair: key2 }, { instanceOf: LedgerError, code: 'ERR_SIGNER_MISMATCH' }],
    [{ reason: '' }, invalid],
    [{ reason: undefined }, invalid],
    [{ reason: 7 }, invalid],
    [{ headStore: undefined }, invalid],
    [{ headStore: { get: () => null, set: () => undefined } }, invalid],
    [{ headStore: new MemoryHeadStore() }, nothing],
    [{ restore: 'r' }, invalid],
  ];
  const before = readFileSync(options.ledgerPath);
  for (const [change, expected] of wrong) {
    const given = { ...options, ...change } as RestoreOptions;
    await rejectsError(t, () => Session.restore(given), expected as typeof invalid, JSON.stringify(change));
  }
  t.deepEqual(readFileSync(options.ledgerPath), before);
  // It went on without its store: two histories, and no way to say which is meant.
  const session = await Session.open(opening);
  await session.recordMany([ended('x'), ended('y'), ended('z')]);
  await session.close();
  await rejectsError(t, () => Session.restore(options), rollback);
  await rejectsError(t, () => Session.restore({ ...options, ledgerPath: newPath(t) }), nothing);
});
