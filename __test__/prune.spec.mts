// Old segments are removed behind an event that says so.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { LedgerError, type PruneOptions, type SessionOptions, SignedEvent } from 'sealwright';
import { rejectsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { ended, ledgerFiles, openSession } from './helpers/ledgers.mts';
import { GatedHeadStore } from './helpers/stores.mts';

/** A ledger of 10 events, three in a file. */
async function ledgerOfTen(t: ExecutionContext, options: Partial<SessionOptions> = {}) {
  const ledgerPath = newPath(t);
  const session = await openSession(t, { ledgerPath, rotate: { maxEvents: 3 }, events: 'extended', ...options });
  for (let seq = 0; seq < 10; seq += 1) await session.record(ended(seq));
  const files = () => ledgerFiles(ledgerPath).map((path) => basename(path));
  return { ledgerPath, session, files };
}

test('segments before a seq go, and an event says which', async (t) => {
  const { ledgerPath, session, files } = await ledgerOfTen(t);
  const segment = readFileSync(join(dirname(ledgerPath), 'ledger.3-5.ndjson'), 'utf8').trimEnd().split('\n');
  const last = SignedEvent.parse(segment.at(-1) ?? '');
  t.is(await session.prune({ before: 2 }), null);
  t.deepEqual(await session.findPrunable({ before: 6 }), { from: 0, to: 5 });
  const pruned = await session.prune({ before: 6 });
  t.deepEqual([pruned?.from, pruned?.to], [0, 5]);
  t.deepEqual(files(), ['ledger.6-8.ndjson', 'ledger.ndjson']);
  const { type, payload } = pruned?.event.event ?? {};
  t.is(type, 'LedgerPruned');
  t.like(payload, { count: 6, last_seq: 5, last_hash: last.selfHash });
  t.is(await session.prune({ before: 6 }), null);
  t.is(await session.findPrunable({ before: 6 }), null);
  t.is((await session.record(ended('on'))).seq, 11);
});

test('at least so many segments stay, and the newest always', async (t) => {
  const { session, files } = await ledgerOfTen(t);
  t.is(await session.prune({ keep: 3 }), null);
  t.is((await session.prune({ before: 100, keep: 2 }))?.to, 2);
  t.is((await session.prune({ before: 100 }))?.to, 5);
  t.is(await session.prune({ keep: 1 }), null);
  t.deepEqual(files(), ['ledger.6-8.ndjson', 'ledger.ndjson']);
});

test('segments go by the time of their last event', async (t) => {
  const { session } = await ledgerOfTen(t);
  t.is(await session.prune({ before: new Date(1000) }), null);
  await setTimeout(5);
  t.is((await session.prune({ before: new Date() }))?.to, 5);
});

test('what cannot be pruned', async (t) => {
  const { ledgerPath, session } = await ledgerOfTen(t);
  for (const options of [{}, { keep: undefined }, { before: '3' }, { before: 3n }, { limit: 3 }, undefined, null]) {
    await rejectsError(t, () => session.prune(options as PruneOptions), {
      instanceOf: TypeError,
      code: 'ERR_INVALID_ARGUMENT',
    });
  }
  for (const options of [{ keep: 0 }, { before: -1 }, { before: new Date(Number.NaN) }]) {
    await rejectsError(t, () => session.prune(options), { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE' });
  }
  rmSync(join(dirname(ledgerPath), 'ledger.0-2.ndjson'), { force: true });
  await rejectsError(t, () => session.prune({ keep: 1 }), { instanceOf: LedgerError, code: 'ERR_SEGMENT_MISSING' });
  t.true(existsSync(join(dirname(ledgerPath), 'ledger.3-5.ndjson')));
  await session.close();
  await rejectsError(t, () => session.prune({ keep: 1 }), { instanceOf: LedgerError, code: 'ERR_SESSION_CLOSED' });
  const core = await ledgerOfTen(t, { events: 'core' });
  await rejectsError(t, () => core.session.prune({ keep: 1 }), { instanceOf: LedgerError, code: 'ERR_EVENT_SET' });
});

test('nothing goes before the event is acknowledged', async (t) => {
  const store = new GatedHeadStore();
  const { session, files } = await ledgerOfTen(t, { headStore: { store, wait: true } });
  const before = files();
  const reached = store.close();
  const pruning = session.prune({ keep: 1 });
  await reached;
  await setTimeout(50);
  t.deepEqual(files(), before);
  store.open();
  t.is((await pruning)?.to, 5);
  t.is(files().length, 2);
});
