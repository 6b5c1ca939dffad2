/*
 * An event on one line. Core kinds are told as the Provedex command line tells them:
 *
 *   [   3] 2023-11-14T22:13:20.003000009+00:00  tool_returned tool_2 0ms success=true
 */

import type { JsonView, SignedEvent } from '../index.js';
import { formatTime } from './times.js';

type Payload = Readonly<Record<string, JsonView>>;

/** Place, time and what happened. */
export function summaryLine({ seq, timestampNanos, event }: SignedEvent): string {
  return `[${String(seq).padStart(4)}] ${formatOffsetTime(timestampNanos)}  ${summaryOf(event.type, event.payload)}`;
}

/** What happened. A kind that this version does not know is told by its name. */
export function summaryOf(kind: string, payload: Payload): string {
  return SUMMARIES[kind]?.(payload) ?? kind;
}

/** RFC 3339 with 0, 3, 6 or 9 digits behind the second, and UTC as an offset. */
function formatOffsetTime(nanos: bigint): string {
  const [, seconds = '', fraction = ''] = /^([^.Z]+)\.?(\d*)Z$/.exec(formatTime(nanos)) ?? [];
  const digits = fraction.padEnd(Math.ceil(fraction.length / 3) * 3, '0');
  return `${seconds}${digits === '' ? '' : `.${digits}`}+00:00`;
}

const text = (value: JsonView | undefined) => String(value);
const shortened = (digest: JsonView | undefined) => `${Array.from(text(digest)).slice(0, 12).join('')}...`;

const SUMMARIES: Readonly<Record<string, (payload: Payload) => string>> = {
  SessionStarted: (fields) =>
    `session_started agent=${text(fields['agent_id'])} model=${text(fields['model_id'])} session=${text(fields['session_id'])}`,
  UtteranceCaptured: (fields) => `utterance_captured (${text(fields['duration_ms'])}ms): ${text(fields['transcript'])}`,
  ToolCalled: (fields) => `tool_called ${text(fields['tool_name'])} args_sha256=${shortened(fields['args_sha256'])}`,
  ToolReturned: (fields) =>
    `tool_returned ${text(fields['tool_name'])} ${text(fields['latency_ms'])}ms success=${text(fields['success'])}`,
  ModelInvoked: (fields) =>
    `model_invoked ${text(fields['model_id'])} prompt=${text(fields['prompt_tokens'])} response=${text(fields['response_tokens'])}`,
  UtteranceSpoken: (fields) => `utterance_spoken: ${text(fields['text'])}`,
  SessionEnded: (fields) => `session_ended reason=${text(fields['reason'])}`,
  Custom: (fields) => `custom ${text(fields['name'])}`,
  KeyRotated: (fields) => `key_rotated old=${shortened(fields['old_key'])} new=${shortened(fields['new_key'])}`,
  LedgerRestored: (fields) => `ledger_restored known_seq=${text(fields['known_seq'])} reason=${text(fields['reason'])}`,
  LedgerPruned: (fields) => `ledger_pruned count=${text(fields['count'])} last_seq=${text(fields['last_seq'])}`,
  SessionSealed: (fields) => `session_sealed session=${text(fields['session_id'])} count=${text(fields['count'])}`,
  Heartbeat: (fields) => `heartbeat session=${text(fields['session_id'])} interval=${text(fields['interval_ms'])}ms`,
  PayloadErased: (fields) => `payload_erased commitment=${shortened(fields['commitment'])} reason=${text(fields['reason'])}`,
  TokenIssued: (fields) => `token_issued ${text(fields['jti'])} issuer=${text(fields['issuer'])} status=${text(fields['status'])}`,
};
