// Fuzzing of timestamps: whatever a token holds, there is a report of it or a typed error; what is taken is spelled as in
// DER, and pkijs, a verifier of other people, takes it too. It reads every certificate that comes with a token, also those
// that matter to nobody: of these it is spared the ones that OpenSSL cannot read.
//
//   node build/fuzz/timestamps.mjs [--tokens 20000] [--seed 1] [--from 0] [--keep]
//
// Token number n of a seed is always changed in the same way; its ECDSA signatures are made anew. It is one of an authority
// whose timestamp, attributes or certificates are changed before they are signed, or one that is changed afterwards, of
// that authority or of real ones; what is taken of these has in everything signed the bytes that it had. A finding is
// written to standard output with the token in base64, and the exit code is 1; it is 1 too when a problem did not occur.
//
// With --keep the first token of each answer is kept in fuzz/timestamps, under the codes of its problems and a number. Tests
// read these again.

import { webcrypto, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { ContentInfo, CryptoEngine, Certificate, setEngine, SignedData, TSTInfo } from 'pkijs';
import { ProofError } from 'sealwright';
import { timestampIngest, type TimestampReport, timestampRequest, verifyTimestamp } from 'sealwright/proofs';
import { projectRoot } from '../__test__/helpers/project.mts';
import { attributesOf, checkpoint, contentOf, pieces, root, tokenOf, tsaOf } from './authority.mts';
import { changes, der, type Node, read, spellings, write } from './der.mts';
import { Random } from './random.mts';

/** A token that breaks a promise. */
export interface Finding {
  readonly number: number;
  readonly what: string;
  readonly changes: readonly string[];
  readonly token: string;
}

/** How often each thing occurred. */
export interface TokenCounts {
  readonly tokens: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly changes: Readonly<Record<string, number>>;
}

/** Every problem that such a token can have. */
export const everyProblem = [
  'none', 'timestamp_malformed', 'imprint_mismatch', 'tsa_missing', 'timestamp_algorithm', 'timestamp_signature', 'tsa_usage', 'chain_untrusted',
  'certificate_time', 'certificate_unfit', 'timestamp_policy',
];

/** What a token is to be about, and by whom. */
export interface Subject {
  readonly checkpoint: string;
  readonly roots: Uint8Array;
  readonly policy: string;
}

/** The subject of the tokens that are signed here. */
export const own: Subject = { checkpoint, roots: root, policy: '1.2.3.4' };

/** What is said of a token; what is thrown is a finding, and so is an ingestion that throws anything but a typed error. */
export function judge(token: Uint8Array, subject: Subject = own): TimestampReport {
  const report = verifyTimestamp(token, subject);
  const { request } = timestampRequest(subject.checkpoint);
  const response = write({ tag: 0x30, parts: [der(0x30, der(0x02, '00')), kept(token)] });
  for (const given of [{ request, response: token }, { request, response }, { request: token, response }]) {
    try {
      timestampIngest({ checkpoint: subject.checkpoint, ...given });
    } catch (error) {
      if (!(error instanceof ProofError)) throw error;
    }
  }
  return report;
}

/** The name of what is said of a token: `none`, or the codes of its problems. */
export function nameOf({ problems }: TimestampReport): string {
  return problems.length === 0 ? 'none' : problems.map(({ code }) => code).join('+');
}

const vector = (...path: readonly string[]) => Uint8Array.from(readFileSync(join(projectRoot, 'vectors', ...path)));
const pemOf = (name: string) => new X509Certificate(vector(...name.split('/'))).raw;

/** Tokens of others, with what they are about. */
const real: readonly (readonly [token: Uint8Array, subject: Subject])[] = [
  [
    vector('timestamps', 'token.der'),
    { checkpoint: Buffer.from(vector('timestamps', 'checkpoint.txt')).toString(), roots: pemOf('timestamps/authority.pem'), policy: '1.2.3.4.1' },
  ],
  [vector('peers', 'timestamps', 'sigstore.der'), { checkpoint: 'hello', roots: pemOf('peers/timestamps/sigstore.pem'), policy: '1.3.6.1.4.1.57264.2' }],
];

/** Bytes in the place of a value. */
function kept(bytes: Uint8Array): Node {
  return { tag: bytes[0] ?? 0, content: Buffer.from(bytes.subarray(2)), spelled: () => [...bytes.subarray(1, 2)] };
}

/** Changes so many tokens; stops at the first finding. */
export async function changeTokens(
  { tokens, seed, from = 0 }: { readonly tokens: number; readonly seed: number; readonly from?: number },
  onReport?: (done: number, report: TimestampReport, made: Made) => void,
): Promise<{ readonly counts: TokenCounts; readonly finding?: Finding }> {
  const [answers, made] = [new Map<string, number>(), new Map<string, number>()];
  const count = (counter: Map<string, number>, name: string) => counter.set(name, (counter.get(name) ?? 0) + 1);
  const counts = (done: number) => ({ tokens: done, answers: Object.fromEntries(answers), changes: Object.fromEntries(made) });
  for (let number = from; number < from + tokens; number += 1) {
    const token = tokenNumber(new Random(Math.imul(seed, 0x9e3779b1) + number));
    const what = await findingIn(token, (report) => {
      for (const name of nameOf(report).split('+')) count(answers, name);
      onReport?.(number - from + 1, report, token);
    });
    if (what !== undefined) {
      const finding = { number, what, changes: token.names, token: Buffer.from(token.bytes).toString('base64') };
      return { counts: counts(number - from), finding };
    }
    for (const name of token.names.length === 0 ? ['none'] : token.names) count(made, name);
  }
  return { counts: counts(tokens) };
}

/** A token that was made. */
interface Made {
  readonly bytes: Uint8Array;
  readonly subject: Subject;
  /** What was done to it. */
  readonly names: readonly string[];
  /** What is signed in it, where that was not changed on purpose. */
  readonly signed?: readonly Buffer[];
}

async function findingIn({ bytes, subject, names, signed }: Made, onReport: (report: TimestampReport) => void): Promise<string | undefined> {
  try {
    const report = judge(bytes, subject);
    onReport(report);
    if (!report.ok) return names.length === 0 ? `a good token is refused: ${report.problems[0]?.reason}` : undefined;
    // Of several changes a later one may have removed it.
    const [spelled = '', ...others] = names;
    if (others.length === 0 && Object.hasOwn(spellings, spelled.replace(/^.*: /, ''))) return `taken, though it is no DER: ${spelled}`;
    if (signed !== undefined && !isDeepStrictEqual(contentOf(bytes), signed)) return 'taken, and not what was signed';
    const other = await refusedByOthers(bytes, subject);
    return other === undefined ? undefined : `taken, though pkijs refuses it: ${other}`;
  } catch (error) {
    return `thrown: ${(error as Error).stack}`;
  }
}

/** Why pkijs refuses a token; undefined if it does not. */
async function refusedByOthers(token: Uint8Array, { checkpoint: data, roots }: Subject): Promise<string | undefined> {
  setEngine('node', new CryptoEngine({ name: 'node', crypto: webcrypto as Crypto }));
  try {
    const { content } = ContentInfo.fromBER(Uint8Array.from(withoutOthers(token)));
    const signed = new SignedData({ schema: content });
    const { genTime } = TSTInfo.fromBER(signed.encapContentInfo.eContent?.getValue() ?? new ArrayBuffer(0));
    const what = { signer: 0, data: Uint8Array.from(Buffer.from(data)).buffer };
    const trusted = { checkChain: true, trustedCerts: [Certificate.fromBER(Uint8Array.from(roots))], checkDate: genTime };
    return (await signed.verify({ ...what, ...trusted })) ? undefined : 'its signature does not hold';
  } catch (error) {
    return String((error as Error).message);
  }
}

/** A token without what is not signed and of no use: certificates that OpenSSL cannot read, and revocation lists. */
function withoutOthers(token: Uint8Array): Buffer {
  const tree = read(token);
  const data = tree.parts?.[1]?.parts?.[0];
  if (data === undefined) throw new Error('it has no signed data');
  data.parts = data.parts?.filter(({ tag }) => tag !== 0xa1) ?? [];
  const certificates = data.parts.find(({ tag }) => tag === 0xa0);
  if (certificates !== undefined) certificates.parts = certificates.parts?.filter(isCertificate) ?? [];
  return write(tree);
}

function isCertificate(node: Node): boolean {
  try {
    return new X509Certificate(write(node)).raw.length > 0;
  } catch {
    return false;
  }
}

/** The token of a random number, and what was done to it. */
function tokenNumber(random: Random): Made {
  const names: string[] = [];
  const changed = (where: string, tree: Node, probability = 1) => {
    while (random.chance(probability)) {
      const kinds = random.chance(0.2) ? spellings : changes;
      const name = random.pick(Object.keys(kinds));
      const before = write(tree);
      kinds[name]?.(tree, random);
      if (!before.equals(write(tree))) names.push(`${where}: ${name}`);
      probability = 0.2;
    }
  };
  const place = random.pick(['none', 'timestamp', 'timestamp', 'attributes', 'attributes', 'signer', 'issuer', 'token', 'token', 'bytes', 'real', 'real']);
  const made = pieces();
  if (place === 'timestamp') changed(place, made.info);
  if (place === 'signer') changed(place, made.tsa);
  if (place === 'issuer') changed(place, made.mid);
  const tsa = tsaOf(made);
  const attributes = attributesOf(tsa, made.info);
  if (place === 'attributes') changed(place, attributes);
  const isSignedAfter = !['token', 'bytes', 'real'].includes(place);
  const [token, subject] = place === 'real' ? random.pick(real) : ([isSignedAfter ? write(tokenOf(made, tsa, attributes)) : good(), own] as const);
  if (isSignedAfter) return { bytes: token, subject, names };
  const signed = contentOf(token);
  const tree = read(token);
  if (place !== 'bytes') changed(place, tree);
  const bytes = place === 'bytes' ? garbled(token, random) : write(tree);
  if (place === 'bytes') names.push(place);
  return { bytes, subject, names, signed };
}

function good(): Buffer {
  const made = pieces();
  const tsa = tsaOf(made);
  return write(tokenOf(made, tsa, attributesOf(tsa, made.info)));
}

function garbled(token: Uint8Array, random: Random): Uint8Array {
  const [from, to] = [random.below(token.length + 1), random.below(token.length + 1)];
  if (random.chance(0.3)) return Buffer.concat([token.subarray(0, from), token.subarray(to)]);
  const bytes = Uint8Array.from(token);
  for (const at of random.times(1 + random.below(3), () => random.below(bytes.length))) bytes[at] = random.below(256);
  return bytes;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { tokens: { type: 'string', default: '20000' }, seed: { type: 'string', default: '1' }, from: { type: 'string', default: '0' }, keep: { type: 'boolean', default: false } },
  });
  const [tokens, seed, from] = [Number(values.tokens), Number(values.seed), Number(values.from)];
  const known = new Set<string>();
  const { counts, finding } = await changeTokens({ tokens, seed, from }, (done, report, { bytes, subject }) => {
    if (done % 1000 === 0) console.error(`${done} tokens`);
    // Without what differs from one to the next of a kind.
    const answer = report.problems.map(({ reason }) => reason.replaceAll(/"[^"]*"|\d[\d.:TZ-]*/g, '')).join();
    if (!values.keep || subject !== own || known.has(answer)) return;
    known.add(answer);
    writeFileSync(join(projectRoot, 'fuzz', 'timestamps', `${nameOf(report)}-${known.size}`), bytes);
  });
  console.log(JSON.stringify(counts, undefined, 2));
  const missing = everyProblem.filter((name) => !Object.hasOwn(counts.answers, name));
  if (finding !== undefined) console.log(`finding at --seed ${seed} --from ${finding.number}\n${JSON.stringify(finding, undefined, 2)}`);
  else if (missing.length > 0) console.log(`did not occur: ${missing.join(', ')}`);
  process.exitCode = finding === undefined && missing.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
