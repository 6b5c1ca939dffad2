/*
 * Lines of a ledger to what is shown of it. Nothing is verified, and nothing that a line may hold makes it throw.
 *
 *   const collector = new Collector();
 *   for (const file of files) {                       in the order in which they are verified
 *     collector.file(file.name, file.bytes);
 *     for (const block of blocks) collector.block(block);
 *   }
 *   const model = collector.finish();
 *
 * Memory grows by about 60 bytes a row, and with texts that are seldom the same.
 */

import { Columns } from './columns.js';
import { coverageOf, Gaps } from './coverage.js';
import { beginningOf, countOf, type Fields, fieldsOf, textOf } from './fields.js';
import { isBlank, Lines } from './lines.js';
import type { Model, ModelFile } from './model.js';
import { Names } from './names.js';
import { Pairs } from './pairs.js';
import { Sessions } from './sessions.js';
import { Statistics } from './statistics.js';

/** Files that a ledger may have here. */
export const MAX_FILES = 65_535;

export class Collector {
  readonly #files: ModelFile[] = [];
  readonly #columns = new Columns();
  readonly #kinds = new Names(4096);
  readonly #labels = new Names(Infinity);
  readonly #signers: string[] = [];
  readonly #signerPlaces = new Map<string, number>();
  readonly #sessions = new Sessions();
  readonly #pairs = new Pairs();
  readonly #statistics = new Statistics();
  readonly #gaps = new Gaps();
  #lines = new Lines(() => undefined);
  #line = 0;

  /** Rows so far. */
  get events(): number {
    return this.#columns.length;
  }

  /** Begins the next file. @throws RangeError beyond {@link MAX_FILES} */
  file(name: string, bytes: number): void {
    if (this.#files.length === MAX_FILES) throw new RangeError(`a ledger of more than ${MAX_FILES} files is not shown`);
    this.#lines.end();
    this.#files.push({ name, bytes });
    this.#lines = new Lines((offset, length, line) => this.#take(offset, length, line));
  }

  /** The next bytes of the file, which may be cut anywhere and are not kept. */
  block(bytes: Uint8Array): void {
    this.#lines.block(bytes);
  }

  /** Everything that was read. Nothing may follow. */
  finish(): Model {
    this.#lines.end();
    const events = this.#columns.finish();
    return {
      files: this.#files,
      events,
      kinds: this.#kinds.list,
      labels: this.#labels.list,
      signers: this.#signers,
      sessions: this.#sessions.list,
      tools: this.#statistics.tools,
      models: this.#statistics.models,
      latencies: this.#statistics.latencies,
      coverage: coverageOf(this.#gaps, this.#sessions.list, this.#pairs, events.pair),
    };
  }

  #take(offset: number, length: number, line: Uint8Array | null): void {
    this.#line += 1;
    if (line !== null && isBlank(line)) return;
    const row = this.#columns.add();
    const { table } = this.#columns;
    table.file[row] = this.#files.length - 1;
    table.offset[row] = offset;
    table.bytes[row] = length;
    table.line[row] = this.#line;
    const fields = line === null ? null : fieldsOf(line);
    if (fields === null) this.#gaps.unreadable.add({ row });
    else this.#event(row, fields);
  }

  #event(row: number, fields: Fields): void {
    const { table } = this.#columns;
    const { seq, time, kind, payload, signer } = fields;
    table.seq[row] = seq;
    if (time !== null) {
      table.time[row] = time.milliseconds + time.nanoseconds / 1e6;
      this.#gaps.follow(row, time);
    }
    table.kind[row] = this.#kinds.of(kind);
    table.label[row] = this.#labels.of(beginningOf(textOf(payload, LABELS.get(kind) ?? ''), MOST_OF_LABEL));
    table.signer[row] = this.#signerOf(signer);
    const session = this.#sessions.follow(row, fields);
    table.session[row] = session;
    if (kind === 'UtteranceCaptured') table.duration[row] = countOf(payload, 'duration_ms');
    else if (kind === 'ToolCalled') this.#called(row, session, payload);
    else if (kind === 'ToolReturned') this.#returned(row, session, payload);
    else if (kind === 'ModelInvoked') this.#statistics.invoked(nameOf(payload, 'model_id'), payload);
  }

  #called(row: number, session: number, payload: Fields['payload']): void {
    const tool = nameOf(payload, 'tool_name');
    this.#statistics.called(tool);
    this.#pairs.call(tool, session, row);
  }

  #returned(row: number, session: number, payload: Fields['payload']): void {
    const { table } = this.#columns;
    const tool = nameOf(payload, 'tool_name');
    this.#statistics.returned(tool, payload);
    if (typeof payload['success'] === 'boolean') table.outcome[row] = payload['success'] ? 1 : 0;
    table.duration[row] = countOf(payload, 'latency_ms');
    const call = this.#pairs.returned(tool, session, row, this.#sessions.open);
    if (call < 0) return;
    table.pair[row] = call;
    table.pair[call] = row;
  }

  #signerOf(signer: string): number {
    if (signer === '') return -1;
    const known = this.#signerPlaces.get(signer);
    if (known !== undefined) return known;
    if (this.#signers.length === MAX_SIGNERS) return -1;
    this.#signers.push(signer);
    this.#signerPlaces.set(signer, this.#signers.length - 1);
    return this.#signers.length - 1;
  }
}

const MAX_SIGNERS = 32_767;
const MOST_OF_LABEL = 80;
/** Names of tools and models are told apart by so many characters. */
const MOST_OF_NAME = 256;

/** The field of a kind that its events are known by. */
const LABELS: ReadonlyMap<string, string> = new Map([
  ['SessionStarted', 'agent_id'],
  ['UtteranceCaptured', 'transcript'],
  ['ToolCalled', 'tool_name'],
  ['ToolReturned', 'tool_name'],
  ['ModelInvoked', 'model_id'],
  ['UtteranceSpoken', 'text'],
  ['SessionEnded', 'reason'],
  ['Custom', 'name'],
  ['KeyRotated', 'new_key'],
  ['LedgerRestored', 'reason'],
  ['SessionSealed', 'session_id'],
  ['Heartbeat', 'session_id'],
  ['PayloadErased', 'reason'],
  ['TokenIssued', 'status'],
]);

function nameOf(payload: Fields['payload'], field: string): string {
  return beginningOf(textOf(payload, field), MOST_OF_NAME);
}
