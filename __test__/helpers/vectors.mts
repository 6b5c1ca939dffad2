// The golden vectors: what vectors/README.md describes, as data.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { FaultCode, Head, ReportJson, Verdict, VerifyChecks } from 'sealwright';
import { projectRoot } from './project.mts';

/** Where every vector is read from. */
export const vectorsFolder = join(projectRoot, 'vectors');

/** A ledger file, and what each set of options makes of it. */
export interface LedgerVector {
  readonly name: string;
  readonly path: string;
  readonly cases: readonly VectorCase[];
}

/** Options of a verification, and some of what it must find. */
export interface VectorCase {
  readonly options: VectorOptions;
  readonly expect: VectorExpectation;
}

/** As they are written in the files: absent when not given. */
export type VectorOptions = Pick<
  { [Name in keyof VerifyChecks]?: Exclude<VerifyChecks[Name], undefined> },
  'signers' | 'expectedHead' | 'expectedFirst' | 'startAfter' | 'signatures' | 'events' | 'spelling' | 'maxLineBytes'
>;

/** Names are those of the report; `class` is a verdict, or `error` where the verification throws. */
export interface VectorExpectation extends Partial<Omit<ReportJson, 'code' | 'checks'>> {
  readonly class: Verdict | 'error';
  readonly code: FaultCode | string | null;
  readonly checks?: Partial<ReportJson['checks']>;
}

/** `chains/`: whole good ledgers. */
export function chains(): LedgerVector[] {
  type Entry = { readonly options: VectorOptions; readonly expect: Omit<VectorExpectation, 'class'> };
  return ledgersOf<Entry[]>('chains', 'expected.json', (entries) =>
    entries.map(({ options, expect }) => ({ options, expect: { ...expect, class: expect.verdict ?? 'error' } })),
  );
}

/** `mutations/`: one ledger a mutation. */
export function mutations(): LedgerVector[] {
  return ledgersOf<VectorCase>('mutations', 'expected.json', (entry) => [entry]);
}

/** `peers/provedex/variants/`: altered ledgers of the peer. */
export function variants(): LedgerVector[] {
  type Verdicts = { readonly verdict: Verdict | 'error' } & Omit<VectorExpectation, 'class' | 'verdict'>;
  type Entry = {
    readonly ours: Verdicts;
    readonly also?: { readonly options: VectorOptions; readonly ours: Verdicts }[];
  };
  const expectation = ({ verdict, ...rest }: Verdicts): VectorExpectation => ({ ...rest, class: verdict });
  return ledgersOf<Entry>(join('peers', 'provedex', 'variants'), 'verdicts.json', ({ ours, also = [] }) => [
    { options: {}, expect: expectation(ours) },
    ...also.map((further) => ({ options: further.options, expect: expectation(further.ours) })),
  ]);
}

/** One JSON object a line. */
export function jsonLines<Item>(...path: string[]): Item[] {
  const lines = readFileSync(join(vectorsFolder, ...path), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Item);
}

/** A JSON file of the peer's. */
export function peerJson<Content>(name: string): Content {
  return JSON.parse(readFileSync(peerPath(name), 'utf8')) as Content;
}

/** A file of the peer's. */
export function peerPath(name: string): string {
  return join(vectorsFolder, 'peers', 'provedex', name);
}

/** The head that a ledger of the peer's is expected to end with. */
export type ExpectedHeads = Record<'ledger_200' | 'ledger_200_fixed_ts', { root_hash: Head['hash']; events: number }>;

/** The ledgers of a folder. Throws when there are none, or one has no expectation, or an expectation no ledger. */
function ledgersOf<Entry>(folder: string, index: string, casesOf: (entry: Entry) => VectorCase[]): LedgerVector[] {
  const home = join(vectorsFolder, folder);
  if (!existsSync(join(home, index))) throw new Error(`vectors/${folder}/${index} is missing`);
  const expected = JSON.parse(readFileSync(join(home, index), 'utf8')) as Record<string, Entry>;
  const files = readdirSync(home).filter((file) => file.endsWith('.ndjson'));
  const names = files.map((file) => basename(file, '.ndjson'));
  const lone = [
    ...names.filter((name) => !Object.hasOwn(expected, name)),
    ...Object.keys(expected).filter((name) => !names.includes(name)),
  ];
  if (lone.length > 0) throw new Error(`vectors/${folder}: ledger or expectation is missing for ${lone.join(', ')}`);
  if (names.length === 0) throw new Error(`vectors/${folder} is empty`);
  return Object.entries(expected).map(([name, entry]) => ({
    name,
    path: join(home, `${name}.ndjson`),
    cases: casesOf(entry),
  }));
}
