// Attesto's package and this one make the same canonical JSON, commitments and hashes of the same texts, and refuse the same
// number of a payload.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { native } from '../helpers/addon.mts';
import { peerPython, projectRoot, testWith } from '../helpers/parts.mts';

interface Answer {
  readonly canonical: string;
  readonly payload: string;
  readonly metadata: string;
  readonly event: string;
  readonly unsafe: string | null;
}

const COUNT = 3000;
const SEED = 0x5ea1;

testWith(['peer'], `${COUNT} random texts are hashed as Attesto hashes them`, (t) => {
  t.timeout(90_000);
  const texts = [...edges, ...Array.from({ length: COUNT }, () => value(4))];
  const answers = ask(texts);
  t.is(answers.length, texts.length);
  let unsafe = 0;
  for (const [index, text] of texts.entries()) {
    const commitment = native.attestoCommitment(text);
    const ours: Answer = {
      canonical: native.attestoCanonicalJson(text).toString(),
      payload: commitment,
      metadata: commitment,
      event: native.attestoDomainHash('attesto.v2.event', text),
      unsafe: refusedAt(text),
    };
    t.deepEqual(ours, answers[index], text);
    unsafe += ours.unsafe === null ? 0 : 1;
  }
  t.true(unsafe > 100 && unsafe < texts.length - 100, `${unsafe}`);
});

test('the texts are the same each time', (t) => {
  const first = generator(1);
  const second = generator(1);
  for (let n = 0; n < 100; n += 1) t.is(first(), second());
});

const edges = [
  ...'0 -0 -0.0 0.0 1.0 1e0 1E5 1e15 1e16 1e17 123456789012345678 9007199254740991 9007199254740992 -9007199254740992'.split(' '),
  ...'18446744073709551616 1e21 1e22 1e23 5e-324 4.9e-324 1e-400 1.7976931348623157e308 0.0001 0.00001 1e-5 1.5e-7'.split(' '),
  ...'123456789012345678901234567890123456789012345678901234567890 1000000000000000.25 0.1 [] {} null'.split(' '),
  '"\\u007f\\u2028\\ufeff"',
  '{"\\ud83d\\udd12":1,"\\uffff":2,"\\ue000":3,"":4,"a":5,"Z":6}',
  '{"1":1,"10":2,"9":3}',
];

/** Where a number is refused; null where none is. */
function refusedAt(text: string): string | null {
  try {
    native.attestoCommitment(text, '$.payload');
    return null;
  } catch (error) {
    const failure = JSON.parse((error as Error).message.slice(1)) as { readonly code: string; readonly path: string };
    if (failure.code !== 'ERR_UNSAFE_NUMBER') throw error;
    return failure.path;
  }
}

function ask(texts: readonly string[]): Answer[] {
  const script = join(projectRoot, '__test__', 'process', 'helpers', 'peer_attesto.py');
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' };
  const options = { input: JSON.stringify(texts), env, encoding: 'utf8', maxBuffer: 256 << 20, timeout: 60_000 } as const;
  const { status, stdout, stderr } = spawnSync(peerPython(), [script], options);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Answer[];
}

/** Numbers from 0 to 2^32 - 1 (xorshift). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

const random = generator(SEED);
const below = (limit: number) => random() % limit;
const pick = (choices: readonly string[]) => choices[below(choices.length)] ?? '';

/** The text of a value; keys are words, of which every path has the same spelling, and differ. */
function value(depth: number): string {
  const kind = below(depth === 0 ? 5 : 9);
  if (kind === 0) return pick(['null', 'true', 'false', '""', '" \\/\\"\\\\"']);
  if (kind === 1) return String(below(1000) - 500);
  if (kind === 2) return pick(['"caf\u00e9"', '"\ud83d\udd12"', '"\\u0001\\u001f\\b\\f"', '"\\u00e9\\ud83d\\ude00"']);
  if (kind === 3) return below(4) === 0 ? double() : String(random());
  if (kind === 4) return below(4) === 0 ? integer() : '"text"';
  const members = Array.from({ length: below(5) }, (_, index) => index);
  if (kind < 7) return `[${members.map(() => value(depth - 1)).join(', ')}]`;
  return `{${members.map((index) => `"${pick(['k', 'A', '_', 'z9'])}${index}":${value(depth - 1)}`).join(',')}}`;
}

/** Any finite double, as its bits come, or one of a size that people write. */
function double(): string {
  if (below(2) === 0) return `${below(1_000_000)}.${below(1_000_000)}e${below(40) - 20}`;
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(random());
  bytes.writeUInt32LE(random(), 4);
  const number = bytes.readDoubleLE();
  const text = String(number);
  return Number.isFinite(number) ? text : '0.5';
}

function integer(): string {
  const digits = Array.from({ length: 1 + below(40) }, () => below(10)).join('').replace(/^0+(?=.)/, '');
  return below(2) === 0 ? digits : `-${digits}`;
}
