/*
 * What checking the things that Attesto hands out finds. Each report has `ok`, true when there are no problems, and all
 * `problems` that were found.
 */

import type { Problem } from '../report.js';

/** What every report has. */
export interface AttestoReport {
  /** There are no problems. */
  readonly ok: boolean;
  /** All that were found. */
  readonly problems: readonly Problem[];
}

/** What was signed in a receipt. */
export interface AttestoReceipt {
  readonly tenantId: string;
  readonly systemId: string;
  readonly streamId: string;
  /** The service's name of the event. */
  readonly streamEventId: string;
  /** The sender's name of the event; may be empty. */
  readonly eventId: string;
  /** Place in the stream, from 1. */
  readonly seqNo: number;
  /** Hash of the event's envelope: 64 lower-case hex digits. */
  readonly eventHash: string;
  /** That of the event before; null for the first. */
  readonly prevEventHash: string | null;
  readonly streamHeadHash: string;
  /** When, by the service's clock and in its spelling. */
  readonly issuedAt: string;
  /** Name of the key, and which of that name. */
  readonly kid: string;
  readonly keyEpoch: string;
  /** It comes from the peer's emulator for tests. */
  readonly mock: boolean;
}

/** What a receipt shows. */
export interface ReceiptReport extends AttestoReport {
  /** Hash of what was signed: 64 lower-case hex digits; null unless there is something. */
  readonly receiptHash: string | null;
  /** What was signed; null unless the signature holds under the key that was named. */
  readonly receipt: AttestoReceipt | null;
}

/** What the file of a receipt shows. */
export interface ReceiptFileReport extends ReceiptReport {
  /** The payload in the file was shown to be that of the event. */
  readonly payloadShown: boolean;
}

/** Whether an event commits to something. */
export interface CommitmentReport extends AttestoReport {
  /** The event's hash; null unless it was computed from an envelope. */
  readonly eventHash: string | null;
}

/** What a proof shows of a leaf. */
export interface FoldReport extends AttestoReport {
  /** 64 lower-case hex digits; null unless it is known. */
  readonly leafHash: string | null;
}

/** What windows show of a root. */
export interface RootReport extends AttestoReport {
  /** The root of the windows; null without windows. */
  readonly rootHash: string | null;
}

/** What a list of events shows. */
export interface CompletenessReport extends AttestoReport {
  /**
   * What was gone by: `'envelopes'`, the hash of each event was computed; `'hashes'`, none was, they were only claimed;
   * `'mixed'`. Null without events.
   */
  readonly basis: 'envelopes' | 'mixed' | 'hashes' | null;
  readonly eventCount: number;
  /** Hash of the last event; null with problems. */
  readonly lastEventHash: string | null;
}

/** What a receipt shows of its stream. */
export interface StreamReport extends AttestoReport {
  /** What was signed; null unless the signature holds. */
  readonly receipt: AttestoReceipt | null;
  /** `'first'`: nothing was known; `'replay'`: it is the head that is known; `'next'`: it goes on from it. Null with problems. */
  readonly step: 'first' | 'replay' | 'next' | null;
}

/** What a chain shows of an anchor. */
export interface AnchorReport extends AttestoReport {
  /** Null unless the anchor can be read. */
  readonly batchId: string | null;
  /** The root, if the contract has it for that batch; else null. */
  readonly merkleRoot: string | null;
  /** Blocks from that of the transaction to the last one, both counted; null unless more than one was asked for. */
  readonly confirmations: number | null;
}
