/*
 * Receipts, the files they come in, and the head of the stream that they are of.
 */

import { checkOptions, invalidArgument, show } from '../../args.js';
import { wrap } from '../../errors.js';
import { keepHeads, readHeads, storeOf, type HeadStore } from '../../headstore.js';
import { native } from '../../native.js';
import { resolveSigners, type SignerInput } from '../../signers.js';
import type { Problem } from '../report.js';
import type { ReceiptFileReport, ReceiptReport, StreamReport } from './report.js';
import { verifiedText } from './values.js';

/** Options of {@link verifyReceipt}. */
export interface VerifyReceiptOptions {
  /** Who must have signed it. */
  readonly publicKey: SignerInput;
}

/** Options of {@link verifyReceiptFile}. */
export interface VerifyReceiptFileOptions {
  /** Who must have signed it. Without it nothing is shown, whatever key the file names: `key_unpinned`. */
  readonly publicKey?: SignerInput | undefined;
  /** The event with its envelope, which shows that the payload in the file is that of the receipt. */
  readonly event?: object | string | undefined;
}

/** Options of {@link advanceStreamHead}. */
export interface AdvanceStreamHeadOptions {
  /** Who must have signed the receipt. */
  readonly publicKey: SignerInput;
  /** Where the heads of streams are kept, by `stream_id`. A file of the peer's is one of a `FileHeadStore`. */
  readonly store: HeadStore;
  /** The events between the known head and the receipt's, with their envelopes, if there are any: an array, or JSON text. */
  readonly between?: readonly object[] | string | undefined;
}

/**
 * Checks a receipt, or the response that brings one, by the key of who signs: hash, strict signature, protocol, each member,
 * and that whatever is beside the signed part says the same.
 *
 * @param receipt an object, or JSON text, which loses no digit of a number
 * @throws TypeError `ERR_INVALID_ARGUMENT`, `ERR_PUBLIC_KEY` (one of small order among them)
 */
export function verifyReceipt(receipt: object | string, options: VerifyReceiptOptions): ReceiptReport {
  const key = keyOf(checkOptions(options, ['publicKey'], 'verifyReceipt').publicKey);
  const text = verifiedText(receipt, 'receipt');
  if (typeof text !== 'string') return { ok: false, problems: [text], receiptHash: null, receipt: null };
  return JSON.parse(wrap(() => native.attestoVerifyReceipt(text, key))) as ReceiptReport;
}

/**
 * Checks what is in a `*.attesto.json` file. A payload in it is shown to be that of the receipt by the event's envelope; without
 * `event` it is a problem, `payload_unbound`.
 *
 * @param file the text of the file, or what `JSON.parse` made of it
 * @throws TypeError `ERR_INVALID_ARGUMENT`, `ERR_PUBLIC_KEY`
 */
export function verifyReceiptFile(file: object | string, options?: VerifyReceiptFileOptions): ReceiptFileReport {
  const given = checkOptions(options, ['publicKey', 'event'], 'verifyReceiptFile');
  const key = given.publicKey === undefined ? undefined : keyOf(given.publicKey);
  const text = verifiedText(file, 'file');
  const event = given.event === undefined ? undefined : verifiedText(given.event, 'event');
  const flawed = [text, event].filter((found): found is Problem => typeof found === 'object');
  if (typeof text !== 'string' || typeof event === 'object') {
    return { ok: false, problems: flawed, receiptHash: null, receipt: null, payloadShown: false };
  }
  return JSON.parse(wrap(() => native.attestoVerifyReceiptFile(text, key, event))) as ReceiptFileReport;
}

/**
 * Checks a receipt and that its event goes on from the head that a store has of its stream; then keeps it as the head. With a
 * problem the head stays as it is: `stream_fork` for a stream that was told in two ways, `stream_gap` where the events between
 * are not shown.
 *
 * Rejects with `LedgerError` `ERR_HEAD_STORE` when the store cannot be read or written; TypeError `ERR_INVALID_ARGUMENT`,
 * `ERR_PUBLIC_KEY`.
 */
export async function advanceStreamHead(
  receipt: object | string,
  options: AdvanceStreamHeadOptions,
): Promise<StreamReport> {
  const given = checkOptions(options, ['publicKey', 'store', 'between'], 'advanceStreamHead');
  const key = keyOf(given.publicKey);
  const store = checkStore(given.store);
  const text = verifiedText(receipt, 'receipt');
  const between = given.between === undefined ? undefined : verifiedText(given.between, 'between');
  const flawed = [text, between].filter((found): found is Problem => typeof found === 'object');
  if (typeof text !== 'string' || typeof between === 'object') {
    return { ok: false, problems: flawed, receipt: null, step: null };
  }
  const judge = (known?: { seq: number; hash: string }) =>
    JSON.parse(wrap(() => native.attestoVerifyStreamHead(text, key, known, between))) as StreamReport;
  const first = judge();
  // What does not hold by itself, or names no stream, asks nothing of the store.
  if (!first.ok || first.receipt === null) return first;
  const { streamId: id, seqNo: seq, eventHash: hash } = first.receipt;
  const known = await readHeads(store, [id]);
  const report = judge(known[0]);
  if (report.step !== 'first' && report.step !== 'next') return report;
  try {
    await keepHeads(store, [{ id, seq, hash }]);
  } catch (error) {
    const [now] = await readHeads(store, [id]);
    // Another process was faster: its head decides.
    if (now === undefined || (now.seq === known[0]?.seq && now.hash === known[0]?.hash)) throw error;
    return judge(now);
  }
  return report;
}

function checkStore(value: unknown): HeadStore {
  const store = value === undefined ? undefined : storeOf(value);
  if (store === undefined) throw invalidArgument(`store must be an object with get and set, found ${show(value)}`);
  return store;
}

function keyOf(publicKey: unknown): string {
  const keys = resolveSigners(publicKey);
  const [key] = keys;
  if (key === undefined || keys.length > 1) throw invalidArgument('publicKey must be one key');
  return key;
}
