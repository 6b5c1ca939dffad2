// ledgerStats: what it counts, within bounds.

import test from 'ava';
import * as fc from 'fast-check';
import { ChainError, events, LedgerError, ledgerStats, SealwrightRangeError, SealwrightTypeError } from 'sealwright';
import { rejectsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { chainOf, DIGEST, ended, openSession, START, toolCalled, writeLedger } from './helpers/ledgers.mts';

const returned = (toolName: string, latencyMs: number | bigint, success = true) =>
  events.toolReturned({ toolName, resultSha256: DIGEST, latencyMs, success });
const invoked = (modelId: string, promptTokens: number, responseTokens: number) =>
  events.modelInvoked({ modelId, promptSha256: DIGEST, responseSha256: DIGEST, promptTokens, responseTokens });

test('events are counted by kind, tool, model and session, over all files', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, events: 'extended', rotate: { maxEvents: 3 } });
  const recorded = [
    events.sessionStarted({ agentId: 'a', modelId: 'm', sessionId: 's' }),
    toolCalled({}),
    returned('tool', 10),
    returned('__proto__', 30, false),
    invoked('m', 5, 7),
    invoked('m', 4_294_967_295, 1),
    ended('done'),
  ];
  for (const event of recorded) await session.record(event);
  await session.end();
  const stats = await ledgerStats(path);
  t.like(stats, { events: 8, first: 0, last: 7, files: 3, sessions: { begun: 1, ended: 1, sealed: 1 } });
  t.deepEqual(stats.kinds, { SessionStarted: 1, ToolCalled: 1, ToolReturned: 2, ModelInvoked: 2, SessionEnded: 1, SessionSealed: 1 });
  t.deepEqual(stats.tools, [
    { name: 'tool', calls: 1, returns: 1, failures: 0, latencyMs: { p50: 10, p95: 10, max: 10 } },
    { name: '__proto__', calls: 0, returns: 1, failures: 1, latencyMs: { p50: 30, p95: 30, max: 30 } },
  ]);
  t.deepEqual(stats.models, [{ id: 'm', calls: 2, promptTokens: 4_294_967_300, responseTokens: 8 }]);
  t.deepEqual(stats.otherTools, { calls: 0, returns: 0, failures: 0, latencyMs: null });
});

test('names beyond the bound are counted together, and long ones', async (t) => {
  const path = newPath(t);
  const names = ['a', 'b', 'c', 'a', 'c', 'x'.repeat(257)];
  writeLedger(path, chainOf(6, { event: (seq) => returned(names[seq] ?? '', 1) }));
  const stats = await ledgerStats(path, { maxNames: 2 });
  t.deepEqual(stats.tools.map(({ name, returns }) => [name, returns]), [['a', 2], ['b', 1]]);
  t.is(stats.otherTools.returns, 3);
  t.deepEqual(stats.timeRange, { from: START, to: START + 5_000_000_000n });
});

test('quantiles are exact below 256, and at most 1/128 too high above', async (t) => {
  const value = fc.oneof(fc.nat(255), fc.nat(1_000_000), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
  const path = newPath(t);
  const isNear = fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 40 }), async (values) => {
    writeLedger(path, chainOf(values.length, { event: (seq) => returned('tool', values[seq] ?? 0) }));
    const { p50 = 0, p95 = 0, max = 0 } = (await ledgerStats(path)).tools[0]?.latencyMs ?? {};
    const sorted = values.map(Number).toSorted((left, right) => left - right);
    const rank = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
    const fits = (found: number, exact: number) => (exact < 256 ? found === exact : found >= exact && found <= exact * (1 + 1 / 128));
    return max === sorted.at(-1) && fits(p50, rank(0.5)) && fits(p95, rank(0.95));
  });
  await t.notThrowsAsync(fc.assert(isNear, { numRuns: 50 }));
});

test('it rejects as reading does', async (t) => {
  const path = newPath(t);
  await rejectsError(t, () => ledgerStats(path), { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_FOUND' });
  writeLedger(path, [...chainOf(3), ...chainOf(2)]);
  await rejectsError(t, () => ledgerStats(path), { instanceOf: ChainError, code: 'ERR_CHAIN_BROKEN' });
  writeLedger(path, []);
  t.like(await ledgerStats(path), { events: 0, first: null, last: null, timeRange: null, tools: [] });
  await rejectsError(t, () => ledgerStats(path, { maxNames: -1 }), { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' });
  for (const wrong of [null, { names: 1 }, { onProgress: 1 }, { signal: {} }]) {
    await rejectsError(t, () => ledgerStats(path, wrong as object), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  }
  const reason = new Error('enough');
  t.is(await ledgerStats(path, { signal: AbortSignal.abort(reason) }).catch((error: unknown) => error), reason);
});
