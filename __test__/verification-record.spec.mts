// The signed record of a verification: it says what was verified, holds under the auditor's key only, and no key can be made
// to sign an event through it.

import { createHash, createPublicKey, sign, verify as verifySignature } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import {
  type ChainReport,
  checkVerification,
  LedgerError,
  SealwrightTypeError,
  SigningKeypair,
  signVerification,
  subjectOf,
  type VerificationRecord,
  type VerificationSubject,
  verifyChain,
  verifyFile,
  verifySegments,
} from 'sealwright';
import { canonicalText, parseJson, privateKey, publicKeyHex } from './helpers/canonical.mts';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { chainOf, forged, key1, key2, newLedger, newSegments, textOf, writeLedger } from './helpers/ledgers.mts';
import { checkedJson } from './helpers/schemas.mts';

const auditorSeed = Uint8Array.from({ length: 32 }, () => 9);
const auditor = SigningKeypair.fromSeed(auditorSeed);
const chain = chainOf(3);
const nowhere: VerificationSubject = { name: 'ledger', files: [] };
const PREFIX = 'sealwright/verification-record/v1\n';

interface Document {
  readonly publicKey: string;
  readonly signature: string;
  readonly statement: VerificationRecord;
}

const canonical = (value: object) => canonicalText(parseJson(JSON.stringify(value)));
const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

async function recordOf(path: string, report: ChainReport, options = {}): Promise<string> {
  return signVerification({ report, subject: await subjectOf(path, report), options, keypair: auditor });
}

test('a record says what was verified, under which options, what came out, with what and when', async (t) => {
  const { ledger: path } = newLedger(t, textOf(chain));
  const options = { signers: key1.publicKeyHex.toUpperCase(), expectedHead: { seq: 2, hash: chain[2]?.selfHash ?? '' } };
  const report = await verifyFile(path, options);
  const before = Date.now();
  const text = await recordOf(path, report, { ...options, signal: new AbortController().signal });
  const { record, publicKey, signer } = checkVerification(text, { signers: auditor.publicKeyHex });
  t.is(publicKey, auditor.publicKeyHex);
  t.is(signer, 'pinned');
  t.is(checkVerification(text).signer, 'self-asserted');
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const { time, ...rest } = record;
  t.true(Date.parse(time) >= before && Date.parse(time) <= Date.now());
  t.deepEqual(rest, {
    schemaVersion: 1,
    rules: 1,
    tool: { name: 'sealwright', version },
    subject: { name: path, files: [{ name: path, bytes: report.bytes, sha256: sha256(path), source: 'verification' }] },
    options: {
      signers: [key1.publicKeyHex],
      expectedHead: options.expectedHead,
      expectedFirst: null,
      startAfter: null,
      signatures: 'all',
      events: 'extended',
      spelling: 'any',
      maxLineBytes: 16 * 1024 * 1024,
    },
    report: report.toJSON(),
  });
  t.is(rest.report.verdict, 'verified');
  checkedJson(t, text, 'verification-record');
});

test('what is signed is the canonical JSON behind a line that no event can begin with', (t) => {
  const text = signVerification({ report: verifyChain(chain), subject: nowhere, keypair: auditor });
  const { publicKey, signature, statement } = JSON.parse(text) as Document;
  t.is(publicKey, publicKeyHex(auditorSeed));
  const key = privateKey(auditorSeed);
  const holds = (message: string) => verifySignature(null, Buffer.from(message), createPublicKey(key), Buffer.from(signature, 'hex'));
  t.true(holds(PREFIX + canonical(statement)));
  t.false(holds(canonical(statement)));
  t.true(PREFIX.length > 32);
});

test('a record may be spelled anew, and not changed', (t) => {
  const text = signVerification({ report: verifyChain(chain), subject: nowhere, keypair: auditor });
  checkVerification(JSON.stringify(JSON.parse(text)));
  checkVerification(JSON.stringify(JSON.parse(text), null, '\t'));
  const refuse = (changed: string, code: string) => {
    t.not(changed, text);
    throwsError(t, () => checkVerification(changed), { instanceOf: LedgerError, code: code as never }, changed);
  };
  for (const [from, to] of [
    ['"eventCount": 3', '"eventCount": 4'],
    ['"eventCount": 3', '"eventCount": 3.0'],
    ['"verdict": "intact"', '"verdict": "verified"'],
    ['"name": "ledger"', '"name": "Ledger"'],
    [auditor.publicKeyHex, key2.publicKeyHex],
  ] as const) {
    refuse(text.replace(from, to), 'ERR_RECORD_SIGNATURE');
  }
  refuse(text.replace('"eventCount": 3', '"eventCount": 3, "eventCount": 3'), 'ERR_RECORD_INVALID');
  refuse(text.replace('{', '{"more": 1,'), 'ERR_RECORD_INVALID');
  refuse(text.slice(0, -3), 'ERR_RECORD_INVALID');
  refuse(textOf(chain.slice(0, 1)), 'ERR_RECORD_INVALID');
  throwsError(t, () => checkVerification(text, { signers: [key1.publicKeyHex, key2.publicKeyHex] }), {
    instanceOf: LedgerError,
    code: 'ERR_RECORD_SIGNER',
  });
});

test('what somebody signed that is no record of this version is refused', (t) => {
  const text = signVerification({ report: verifyChain(chain), subject: nowhere, keypair: auditor });
  const { statement } = JSON.parse(text) as Document;
  for (const changed of [
    {},
    { ...statement, schemaVersion: 2 },
    { ...statement, rules: 2 },
    { ...statement, report: {} },
    { ...statement, report: null },
    { ...statement, time: 'yesterday' },
    { ...statement, subject: { name: 'ledger', files: [{ name: 'a' }] } },
    { ...statement, options: {} },
  ]) {
    const document = signed(changed);
    throwsError(t, () => checkVerification(document), { instanceOf: LedgerError, code: 'ERR_RECORD_INVALID' });
  }
  t.is(checkVerification(signed(statement)).record.time, statement.time);
});

function signed(statement: object): string {
  const message = Buffer.from(PREFIX + canonical(statement));
  const signature = signWith(message);
  return JSON.stringify({ publicKey: auditor.publicKeyHex, signature, statement });
}

function signWith(message: Buffer): string {
  return sign(null, message, privateKey(auditorSeed)).toString('hex');
}

test('of a broken ledger the files are read whole for the record', async (t) => {
  const lines = chain.map((event, index) => (index === 1 ? forged(event) : event.toLine()));
  const { ledger: path } = newLedger(t, `${lines.join('\n')}\n`);
  const report = await verifyFile(path);
  t.is(report.code, 'bad_signature');
  const { record } = checkVerification(await recordOf(path, report));
  const { length } = readFileSync(path);
  t.deepEqual(record.subject.files, [{ name: path, bytes: length, sha256: sha256(path), source: 'file' }]);
  t.is(record.report.brokenAt, 1);
});

test('of a ledger in several files each one is named', async (t) => {
  const { folder } = await newSegments(t, { count: 5, maxEvents: 2 });
  const report = await verifySegments(folder);
  const text = signVerification({ report, subject: await subjectOf(folder, report), keypair: auditor });
  const { record } = checkVerification(text);
  t.is(record.subject.name, folder);
  t.is(record.subject.files.length, 3);
  for (const { name, sha256: digest, source } of record.subject.files) t.deepEqual([digest, source], [sha256(name), 'verification']);
  t.deepEqual(record.report, report.toJSON());
  checkedJson(t, text, 'verification-record');
});

test('a verification that went on from a state says so', async (t) => {
  const { ledger: path } = newLedger(t, textOf(chain));
  const state = newPath(t, 'state.json');
  const options = { state, stateKey: auditor };
  await verifyFile(path, options);
  writeLedger(path, chainOf(4));
  const report = await verifyFile(path, options);
  const { record } = checkVerification(await recordOf(path, report, options));
  t.is(record.report.resumed?.seq, 2);
  t.like(record.subject.files[0], { sha256: sha256(path), source: 'file' });
});

test('options of another verification are refused', (t) => {
  const head = { seq: 2, hash: chain[2]?.selfHash ?? '' };
  const plain = verifyChain(chain);
  const pinned = verifyChain(chain, { signers: key1.publicKeyHex, expectedHead: head, expectedFirst: chain[0]?.selfHash });
  const refuse = (report: ChainReport, options: object, pattern: RegExp) => {
    const error = throwsError(t, () => signVerification({ report, subject: nowhere, options, keypair: auditor }), {
      instanceOf: SealwrightTypeError,
      code: 'ERR_INVALID_ARGUMENT',
    });
    t.regex(error.message, pattern);
  };
  refuse(plain, { signers: key1.publicKeyHex }, /options\.signers/);
  refuse(plain, { signatures: 'last' }, /options\.signatures/);
  refuse(pinned, {}, /options\.signers/);
  refuse(pinned, { signers: key1.publicKeyHex }, /options\.expectedHead/);
  refuse(pinned, { signers: key1.publicKeyHex, expectedHead: head }, /options\.expectedFirst/);
  refuse(plain, { colour: 'red' }, /no option/);
});

test('arguments are checked', async (t) => {
  const report = verifyChain(chain);
  const wrong = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  const recorded = (fields: object) => signVerification({ report, subject: nowhere, keypair: auditor, ...fields } as never);
  for (const fields of [
    { report: report.toJSON() },
    { keypair: auditorSeed },
    { subject: undefined },
    { subject: { name: 'a', files: [{ name: 'a', bytes: -1, sha256: null, source: 'file' }] } },
    { subject: { name: 'a', files: [{ name: 'a', bytes: 1, sha256: 'A'.repeat(64), source: 'file' }] } },
    { subject: { name: '\ud800', files: [] } },
    { more: 1 },
  ]) {
    throwsError(t, () => recorded(fields), wrong);
  }
  throwsError(t, () => checkVerification(Buffer.from('{}') as never), wrong);
  throwsError(t, () => checkVerification('{}', { signers: [] }), wrong);
  await rejectsError(t, () => subjectOf('x', {} as never), wrong);
  await t.throwsAsync(subjectOf(newPath(t), verifyChain([forged(chain[0])])), { code: 'ENOENT' });
});
