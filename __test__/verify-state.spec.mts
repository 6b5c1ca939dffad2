// A verification goes on where the last one ended: what it finds is what one of everything finds, and it goes on behind
// nothing that has changed.

import { appendFileSync, existsSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createHash, sign } from 'node:crypto';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  type ChainReport,
  LedgerError,
  type ReportJson,
  SealwrightTypeError,
  SigningKeypair,
  verifyFile,
  type VerifyFileOptions,
  verifyFileSync,
  type VerifyProgress,
} from 'sealwright';
import * as crosscheck from 'sealwright/crosscheck';
import { canonicalText, parseJson, privateKey, publicKeyHex, sealedLine } from './helpers/canonical.mts';
import { rejectsError } from './helpers/errors.mts';
import { newFolder } from './helpers/folders.mts';
import { chainOf, key1, key2, openSession, ended, seed1, seed2, START, textOf, toolCalled } from './helpers/ledgers.mts';

const stateSeed = Uint8Array.from({ length: 32 }, () => 7);
const stateKey = SigningKeypair.fromSeed(stateSeed);

/** A ledger with all that a report counts: unknown kinds, malformed digests, two signers, blank lines, spellings. */
function oddLines(): string[] {
  const lines: string[] = [];
  let parentHash = '0'.repeat(64);
  for (let seq = 0; seq < 40; seq += 1) {
    const eventText = [
      `{"type":"SessionEnded","payload":{"reason":"${seq}","summary_sha256":""}}`,
      `{"type":"Kind${seq}","payload":{}}`,
      '{"type":"SessionEnded","payload":{"reason":"","summary_sha256":"short"}}',
    ][seq % 3] as string;
    const timestampNanos = START + BigInt(seq % 7);
    const line = sealedLine({ seq, timestampNanos, parentHash, eventText }, seq % 10 < 6 ? seed1 : seed2);
    parentHash = /"self_hash":"([0-9a-f]+)"/.exec(line)?.[1] ?? '';
    lines.push(`${seq % 5 === 3 ? ` ${line}` : line}\n${seq % 8 === 7 ? '\t\n' : ''}`);
  }
  return lines;
}

interface Place {
  readonly ledger: string;
  readonly state: string;
}

function place(t: ExecutionContext, text: string): Place {
  const folder = newFolder(t);
  const [ledger, state] = [join(folder, 'ledger.ndjson'), join(folder, 'states', 'nightly.json')];
  writeFileSync(ledger, text);
  return { ledger, state };
}

const verify = ({ ledger, state }: Place, options?: VerifyFileOptions): Promise<ChainReport> =>
  verifyFile(ledger, { state, stateKey, ...options });

/** What a resumed report has in common with one of everything. */
function common(report: ChainReport): Omit<ReportJson, 'resumed' | 'sha256'> {
  const { resumed: _, sha256: __, ...rest } = report.toJSON();
  return { ...rest, verdict: rest.verdict === 'verified' ? 'intact' : rest.verdict };
}

const ledgerError = (code: 'INVALID' | 'IO' | 'MISMATCH' | 'OPTIONS') =>
  ({ instanceOf: LedgerError, code: `ERR_STATE_${code}` }) as const;

for (const signatures of ['all', 'last'] as const) {
  test(`signatures '${signatures}': every part of a ledger, appended in any steps, adds up to the same report`, async (t) => {
    const lines = oddLines();
    for (const step of [1, 3, 7, 40]) {
      const at = place(t, '');
      for (let count = 0; count < lines.length; count += step) {
        appendFileSync(at.ledger, lines.slice(count, count + step).join(''));
        const options = { signatures, signers: [key2.publicKeyHex, key1.publicKeyHex] };
        const resumable = { ...options, state: at.state, stateKey };
        const isOdd = count % 2 === 1;
        const report = isOdd ? verifyFileSync(at.ledger, resumable) : await verifyFile(at.ledger, resumable);
        t.deepEqual(common(report), common(await verifyFile(at.ledger, options)));
        t.deepEqual(common(report), common(await crosscheck.verifyFile(at.ledger, options)));
        // The last of a run may turn out to be none: with 'last' it is read again.
        t.is(report.resumed === null, count <= (signatures === 'all' ? 0 : 1));
      }
    }
  });
}

test('a report says what was not read again, and claims neither verified nor a digest', async (t) => {
  const chain = chainOf(9);
  const at = place(t, textOf(chain.slice(0, 5)));
  const known = { signers: key1.publicKeyHex, expectedHead: { seq: 4, hash: chain[4]?.selfHash ?? '' } };
  const first = await verify(at, known);
  t.deepEqual(first.toJSON(), (await verifyFile(at.ledger, known)).toJSON());
  t.like(first, { verdict: 'verified', resumed: null });
  t.is(statSync(at.state).mode & 0o777, 0o600);
  appendFileSync(at.ledger, textOf(chain.slice(5)));
  const told: VerifyProgress[] = [];
  const second = await verify(at, { ...known, onProgress: (progress) => told.push(progress) });
  const offset = textOf(chain.slice(0, 5)).length;
  t.like(second, { verdict: 'intact', eventCount: 9, sha256: null, resumed: { offset, ...known.expectedHead } });
  t.like(second.checks, { head: 'matched', signatures: { mode: 'all', checked: 9 }, parse: 9 });
  t.true(told.every(({ bytes }) => bytes > offset));
  t.is((await verify(at, { ...known, full: true })).verdict, 'verified');
});

test('the state is what the format says, and another program can check its signature', async (t) => {
  const at = place(t, `${textOf(chainOf(3))}{"seq":3`);
  await verify(at, { signers: key1.publicKeyHex });
  const text = readFileSync(at.state, 'utf8');
  const { publicKey, signature, state } = JSON.parse(text) as {
    readonly publicKey: string;
    readonly signature: string;
    readonly state: Readonly<Record<string, unknown>>;
  };
  const bytes = textOf(chainOf(3)).length;
  const digest = createHash('sha256').update(textOf(chainOf(3))).digest('hex');
  const { dev, ino } = statSync(at.ledger, { bigint: true });
  const files = [{ beginning: digest, bytes, ending: digest, id: [String(dev), String(ino)] }];
  t.like(state, { schemaVersion: 1, line: 4, offset: bytes, expectedHead: null });
  t.deepEqual(state['files'] as object, process.platform === 'win32' ? [{ ...files[0], id: null }] : files);
  t.is(publicKey, publicKeyHex(stateSeed));
  const signed = `sealwright/verification-state/v1\n${canonicalText(parseJson(JSON.stringify(state)))}`;
  const hash = createHash('sha256').update(signed).digest();
  t.is(sign(null, hash, privateKey(stateSeed)).toString('hex'), signature);
  t.is(text, `${canonicalText(parseJson(text))}\n`);
});

test('a ledger that is recorded in is verified night after night', async (t) => {
  const at = place(t, '');
  const session = await openSession(t, { ledgerPath: at.ledger });
  for (let night = 1; night < 5; night += 1) {
    await session.recordMany(Array.from({ length: 10 }, (_, index) => ended(index)));
    const report = await verify(at, { signers: key1.publicKeyHex, expectedHead: session.head ?? undefined });
    t.like(report, { ok: true, eventCount: night * 10, checks: { head: 'matched' } });
    t.is(report.resumed?.seq, night === 1 ? undefined : (night - 1) * 10 - 1);
  }
});

test('what was verified is refused when it is cut, changed at its ends, or another file', async (t) => {
  const text = textOf(chainOf(6));
  const changes: Record<string, (at: Place) => void> = {
    cut: ({ ledger }) => writeFileSync(ledger, textOf(chainOf(5))),
    emptied: ({ ledger }) => writeFileSync(ledger, ''),
    'first line': ({ ledger }) => writeFileSync(ledger, text.replace('"0"', '"x"')),
    'last line': ({ ledger }) => writeFileSync(ledger, text.replace('"5"', '"x"')),
    'another history': ({ ledger }) => writeFileSync(ledger, textOf(chainOf(9, { event: (seq) => ended(seq + 1) }))),
  };
  if (process.platform !== 'win32') {
    changes['another file'] = ({ ledger }) => {
      renameSync(ledger, `${ledger}.old`);
      writeFileSync(ledger, text);
    };
  }
  for (const [name, change] of Object.entries(changes)) {
    const at = place(t, text);
    await verify(at);
    const before = readFileSync(at.state);
    change(at);
    await rejectsError(t, () => verify(at), ledgerError('MISMATCH'), name);
    t.throws(() => verifyFileSync(at.ledger, { state: at.state, stateKey }), { code: 'ERR_STATE_MISMATCH' });
    t.deepEqual(readFileSync(at.state), before);
    const whole = await verifyFile(at.ledger);
    t.deepEqual((await verify(at, { full: true })).toJSON(), whole.toJSON());
    if (whole.ok) t.true((await verify(at)).ok);
    else t.deepEqual(readFileSync(at.state), before, 'a fault is not kept');
  }
});

test('another key, other options, another file in its place', async (t) => {
  const at = place(t, textOf(chainOf(6)));
  await verify(at);
  await rejectsError(t, () => verify(at, { stateKey: key1 }), ledgerError('INVALID'));
  for (const options of [
    { signers: key1.publicKeyHex },
    { signatures: 'last' },
    { events: 'core' },
    { spelling: 'exact' },
    { maxLineBytes: 4096 },
    { expectedFirst: '0'.repeat(64) },
    { expectedHead: { seq: 2, hash: chainOf(3)[2]?.selfHash ?? '' } },
  ] as const) {
    await rejectsError(t, () => verify(at, options), ledgerError('OPTIONS'), JSON.stringify(options));
  }
  for (const text of ['', '{}', 'null', textOf(chainOf(1)), readFileSync(at.state, 'utf8').slice(0, -9)]) {
    writeFileSync(at.state, text);
    for (const full of [false, true]) await rejectsError(t, () => verify(at, { full }), ledgerError('INVALID'));
    t.is(readFileSync(at.state, 'utf8'), text, 'what is no state is not replaced');
  }
});

test('a state that cannot be kept fails with the report; one in the ledger itself is refused', async (t) => {
  const at = place(t, textOf(chainOf(6)));
  symlinkSync('nowhere', join(at.ledger, '..', 'link'));
  const error = await rejectsError(
    t,
    () => verify({ ...at, state: join(at.ledger, '..', 'link') }),
    ledgerError('IO'),
  );
  t.like(error.report, { verdict: 'intact', eventCount: 6 });
  const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  const before = readFileSync(at.ledger);
  for (const full of [false, true]) await rejectsError(t, () => verify({ ...at, state: at.ledger }, { full }), invalid);
  t.deepEqual(readFileSync(at.ledger), before);
  for (const wrong of [
    { state: undefined },
    { stateKey: undefined },
    { state: '' },
    { state: 1 },
    { stateKey: {} },
    { stateKey: key1.publicKeyHex },
    { full: 1 },
    { state: undefined, stateKey: undefined, full: true },
  ]) {
    await rejectsError(t, () => verify(at, wrong as object), invalid, JSON.stringify(wrong));
  }
  t.false(existsSync(at.state));
});

test('an edit in place far from both ends is found by a verification of everything only', async (t) => {
  const text = textOf(chainOf(4, { event: () => toolCalled('x'.repeat(60_000)) }));
  const at = place(t, text);
  await verify(at);
  const middle = Math.floor(text.length * 0.4);
  writeFileSync(at.ledger, `${text.slice(0, middle)}y${text.slice(middle + 1)}`);
  t.like(await verify(at), { ok: true, resumed: { seq: 3 } });
  t.like(await verify(at, { full: true }), { ok: false, code: 'hash_mismatch', resumed: null });
});
