/*
 * How a session gets its writer: another process that has the ledger is waited for, and what changed between asking a head
 * store of the caller's and opening the ledger is looked at again.
 */

import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { NativeSession } from '../index.js';
import { tellOfGroup } from './diagnostics.js';
import { failureCode, isRequest, LedgerError, ledgerError, wrap, wrapAsync } from './errors.js';
import { askStore, askStoreSync, type CustomHeads } from './headstore.js';
import { native } from './native.js';
import { Pending } from './pending.js';
import type { Plan } from './session-options.js';

/** A handle on a ledger's writer, and what is waited for from it. */
export interface Opened {
  readonly writer: NativeSession;
  readonly pending: Pending;
}

/** Times that a ledger is looked at again before opening it is given up. */
const MAX_ATTEMPTS = 10;
/** How often a ledger that another process holds is tried again. */
const LOCK_POLL_MS = 10;
const MAX_LOCK_POLL_MS = 200;

/** Opens the ledger. Rejects as `Session.open`. */
export async function openWriter({ options: wanted, ...rest }: Plan): Promise<Opened> {
  // Waiting for another process happens here, with timers: natively it would hold a thread of libuv's small pool.
  const plan = { ...rest, options: { ...wanted, lockTimeoutMs: 0 } };
  const deadline = performance.now() + wanted.lockTimeoutMs;
  const pending = pendingOf(plan);
  let poll = LOCK_POLL_MS;
  let customHeads: CustomHeads | undefined;
  for (let attempt = 1; ; ) {
    if (plan.custom !== undefined) customHeads ??= await askStore(plan.custom, plan.options.ledgerPath);
    try {
      const writer = await wrapAsync(() => native.openSession(...argumentsOf(plan, pending, customHeads)));
      return { writer, pending };
    } catch (error) {
      const left = deadline - performance.now();
      if (isLocked(error) && left > 0) {
        await setTimeout(Math.min(poll, left));
        poll = Math.min(poll * 2, MAX_LOCK_POLL_MS);
      } else {
        checkRetry(error, attempt);
        attempt += 1;
        customHeads = undefined;
      }
    }
  }
}

/** {@link openWriter} at once, blocking this thread. */
export function openWriterSync(plan: Plan): Opened {
  const pending = pendingOf(plan);
  for (let attempt = 1; ; attempt += 1) {
    const customHeads = plan.custom && askStoreSync(plan.custom, plan.options.ledgerPath);
    try {
      const writer = wrap(() => native.openSessionSync(...argumentsOf(plan, pending, customHeads)));
      return { writer, pending };
    } catch (error) {
      checkRetry(error, attempt);
    }
  }
}

/** What a session waits for. It must not lead to the session itself: see pending.ts. */
function pendingOf({ custom, options: { ledgerPath }, sessionId, signer }: Plan): Pending {
  const pending = new Pending(custom?.store, (records, text, measures) => {
    tellOfGroup({ ledgerPath, sessionId }, records, measures, failureCode(text));
  });
  if (signer !== undefined) pending.signatures.add(signer);
  return pending;
}

function argumentsOf(
  { key, options, store }: Plan,
  pending: Pending,
  customHeads: CustomHeads | undefined,
): Parameters<typeof native.openSession> {
  return [
    key,
    customHeads === undefined ? options : { ...options, customHeads },
    pending.callback,
    store.kind === 'file' ? store.heads : null,
    store.kind === 'memory' ? store.heads : null,
  ];
}

function isLocked(error: unknown): boolean {
  return LedgerError.is(error) && error.code === 'ERR_LEDGER_LOCKED';
}

/** Lets pass that the ledger changed between looking and opening, a few times; throws every other error. */
function checkRetry(error: unknown, attempt: number): void {
  if (!isRequest(error, 'RETRY')) throw error;
  if (attempt === MAX_ATTEMPTS) {
    const message = `the ledger changed each of the ${MAX_ATTEMPTS} times between looking at it and opening it`;
    throw ledgerError('ERR_LEDGER_CHANGED', message);
  }
}
