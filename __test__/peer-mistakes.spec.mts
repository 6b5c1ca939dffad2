// What Provedex 0.1.1 gets wrong, seen by running it: each case with our answer. Titles begin with the case as the format
// lists it. Two processes on one file and a full disk are in process/.

import {
  appendFileSync,
  chmodSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import {
  ChainError,
  KeyLoadError,
  LedgerError,
  readEvents,
  SealwrightRangeError,
  SealwrightTypeError,
  SignedEvent,
  SigningKeypair,
  verifyChain,
  verifyFile,
} from 'sealwright';
import { sealedLine } from './helpers/canonical.mts';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { danglingLink, newPath } from './helpers/folders.mts';
import {
  chainOf,
  ended,
  key1,
  key2,
  linesOf,
  openSession,
  seed1,
  START,
  textOf,
  toolCalled,
  writeLedger,
} from './helpers/ledgers.mts';
import { jsonLines, peerPath } from './helpers/vectors.mts';

const variant = (name: string) => peerPath(`variants/${name}.ndjson`);
const signers = key1.publicKeyHex;
const four = chainOf(4, { event: (seq) => (seq === 1 ? toolCalled({ q: 'a', limit: 10 }) : ended(seq)) });
const lines = four.map((signed) => signed.toLine());
const head = { seq: 3, hash: four[3]?.selfHash ?? '' };

/** The four lines with one of them edited. */
function edited(line: number, from: string, to: string): string[] {
  const text = lines[line - 1] ?? '';
  if (!text.includes(from)) throw new Error(`no ${from} in ${text}`);
  return lines.with(line - 1, text.replace(from, to));
}

test('unsigned extra field at top level, in payload, or beside type/payload: unsigned_field', async (t) => {
  const broken = { verdict: 'broken', ok: false, code: 'unsigned_field' } as const;
  for (const name of ['extra_top_level', 'extra_payload_field', 'extra_event_member'])
    t.like(await verifyFile(variant(name)), broken, name);
  t.like(verifyChain(edited(3, ',"parent_hash"', ',"approved_by":"alice","parent_hash"')), { ...broken, line: 3 });
  t.like(verifyChain(edited(3, '"reason"', '"note":null,"reason"')), { ...broken, line: 3 });
  t.like(verifyChain(edited(3, '"payload"', '"role":"admin","payload"')), { ...broken, line: 3 });
});

test('duplicate key inside args_redacted, or an unknown key twice: duplicate_key', async (t) => {
  const broken = { verdict: 'broken', ok: false, code: 'duplicate_key' } as const;
  for (const name of ['dup_in_args_redacted', 'dup_unknown_key']) t.like(await verifyFile(variant(name)), broken, name);
  t.like(verifyChain(edited(2, '"limit":10', '"limit":999,"limit":10')), { ...broken, line: 2 });
  t.like(verifyChain(edited(2, '"limit":10', '"limit":10,"\\u006cimit":999')), { ...broken, line: 2 });
  t.like(verifyChain(edited(3, '"seq":2', '"seq":2,"x":1,"x":1')), { ...broken, line: 3 });
});

test('line written as a JSON array; event as an array: malformed; wrong_type', async (t) => {
  await rejectsError(t, () => verifyFile(variant('line_as_array')), {
    instanceOf: ChainError,
    code: 'ERR_LEDGER_MALFORMED',
  });
  for (const name of ['event_as_array', 'payload_as_array'])
    t.like(await verifyFile(variant(name)), { verdict: 'broken', code: 'wrong_type' }, name);
});

test('upper-case hex in signature or signer_pubkey: non_canonical_hex', async (t) => {
  const broken = { verdict: 'broken', ok: false, code: 'non_canonical_hex' } as const;
  for (const name of ['upper_signature', 'upper_signer_pubkey', 'upper_self_hash', 'upper_parent_hash'])
    t.like(await verifyFile(variant(name)), broken, name);
  t.like(verifyChain(edited(2, key1.publicKeyHex, key1.publicKeyHex.toUpperCase())), { ...broken, line: 2 });
});

test('whole ledger edited and re-signed with another key: untrusted_signer when pinned, self-asserted otherwise', async (t) => {
  const resigned = chainOf(4, { keypair: key2, event: () => ended('edited') });
  t.like(verifyChain(resigned, { signers }), {
    verdict: 'broken',
    ok: false,
    code: 'untrusted_signer',
    brokenAt: 0,
    line: 1,
  });
  t.like(verifyChain(resigned), { verdict: 'intact', ok: true, checks: { signer: 'self-asserted' } });
  t.like(await verifyFile(variant('resigned_other_key'), { signers }), { verdict: 'broken', code: 'untrusted_signer' });
  t.like(await verifyFile(variant('resigned_other_key')), { verdict: 'intact', checks: { signer: 'self-asserted' } });
});

test('identity or small-order public key, no private key needed: bad_signature', async (t) => {
  const broken = { verdict: 'broken', ok: false, code: 'bad_signature' } as const;
  for (const name of ['identity_key_forgery', 'noncanonical_identity_key', 'sig_S_plus_L'])
    t.like(await verifyFile(variant(name)), broken, name);
  // R is the base point and S is 1: holds for every message under the identity as key.
  const identity = `01${'00'.repeat(31)}`;
  const forgery = `58${'66'.repeat(31)}01${'00'.repeat(31)}`;
  const [first] = lines as [string];
  const line = first
    .replace(key1.publicKeyHex, identity)
    .replace(/"signature":"[0-9a-f]{128}"/, `"signature":"${forgery}"`);
  t.like(verifyChain([line]), { ...broken, line: 1 });
  t.like(verifyChain([line], { signatures: 'last' }), { ...broken, line: 1 });
  throwsError(t, () => verifyChain([line], { signers: identity }), {
    instanceOf: SealwrightTypeError,
    code: 'ERR_PUBLIC_KEY',
  });
});

test('last events removed; all removed: head_mismatch with an expected head, not-checked otherwise', async (t) => {
  t.like(await verifyFile(variant('tail_truncated')), { verdict: 'intact', checks: { head: 'not-checked' } });
  for (const count of [0, 1, 3]) {
    const cut = lines.slice(0, count);
    t.like(verifyChain(cut, { signers, expectedHead: head }), {
      verdict: 'broken',
      ok: false,
      code: 'head_mismatch',
      brokenAt: count,
      line: null,
    });
    t.like(verifyChain(cut, { signers }), {
      verdict: count === 0 ? 'empty' : 'intact',
      checks: { head: 'not-checked' },
    });
  }
  t.like(verifyChain(lines, { signers, expectedHead: head }), { verdict: 'verified', checks: { head: 'matched' } });
});

test('another whole ledger of the same key handed over: first_mismatch with an expected first hash', async (t) => {
  const other = chainOf(4, { event: () => ended('another ledger') });
  const expectedFirst = four[0]?.selfHash;
  t.like(verifyChain(other, { signers, expectedFirst }), {
    verdict: 'broken',
    ok: false,
    code: 'first_mismatch',
    brokenAt: 0,
    line: 1,
  });
  t.like(verifyChain(other, { signers }), { verdict: 'intact', checks: { first: 'not-checked' } });
  t.like(verifyChain(lines, { signers, expectedFirst }), { verdict: 'intact', checks: { first: 'matched' } });
});

test('missing file, dangling symlink: ERR_LEDGER_NOT_FOUND', async (t) => {
  const missing = { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_FOUND' } as const;
  await rejectsError(t, () => verifyFile(newPath(t)), missing);
  await rejectsError(t, () => verifyFile(danglingLink(t).link), missing);
});

test('empty file: the verdict is empty', async (t) => {
  t.like(await verifyFile(variant('empty')), { verdict: 'empty', ok: true, eventCount: 0, head: null });
});

test('float in a payload re-read: exact', async (t) => {
  const failures = jsonLines<{ line: string }>('peers', 'provedex', 'float_reread_failures.jsonl');
  t.true(failures.length > 0);
  for (const { line } of failures) t.like(verifyChain([line]), { verdict: 'intact', eventCount: 1 });
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path });
  const values = Array.from({ length: 2000 }, (_, index) => Math.sin(index + 1));
  await session.record(toolCalled(values));
  for await (const { event } of readEvents(path)) t.deepEqual(event.payload['args_redacted'], values);
  t.like(await verifyFile(path, { signers }), { verdict: 'intact', eventCount: 1 });
});

test('two sessions of one process on one file: one shared writer, one chain', async (t) => {
  const path = newPath(t);
  const [one, other] = [await openSession(t, { ledgerPath: path }), await openSession(t, { ledgerPath: path })];
  const records = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? one : other).record(ended(index)));
  t.deepEqual(
    (await Promise.all(records)).map(({ seq }) => seq),
    Array.from({ length: 40 }, (_, index) => index),
  );
  t.like(await verifyFile(path, { signers }), { verdict: 'intact', eventCount: 40 });
});

test('resuming with another key: ERR_SIGNER_MISMATCH', async (t) => {
  const path = newPath(t);
  writeLedger(path, four);
  await rejectsError(t, () => openSession(t, { ledgerPath: path, keypair: key2 }), {
    instanceOf: LedgerError,
    code: 'ERR_SIGNER_MISMATCH',
  });
  t.is(readFileSync(path, 'utf8'), textOf(four));
});

test('opening on a tampered tail: refused', async (t) => {
  const path = newPath(t);
  const text = `${edited(4, '"reason":"3"', '"reason":"x"').join('\n')}\n`;
  writeFileSync(path, text);
  await rejectsError(t, () => openSession(t, { ledgerPath: path }), {
    instanceOf: LedgerError,
    code: 'ERR_LEDGER_TAMPERED',
  });
  t.is(readFileSync(path, 'utf8'), text);
});

test('resume on a file whose last line lacks LF: LF is written first', async (t) => {
  const path = newPath(t);
  writeFileSync(path, lines.join('\n'));
  const session = await openSession(t, { ledgerPath: path });
  const signed = await session.record(ended('next'));
  t.deepEqual(linesOf(path), [...lines, signed.toLine()]);
});

test('torn last line; a hole of zeros before whole lines after a power loss: quarantined or refused, by option', async (t) => {
  const whole = Buffer.from(textOf(four));
  const start = textOf(four.slice(0, 2)).length;
  const hole = Buffer.from(whole);
  hole.fill(0, start + 10, start + 300);
  for (const [bytes, kept] of [
    [whole.subarray(0, -60), 3],
    [hole, 2],
  ] as const) {
    const path = newPath(t);
    writeFileSync(path, bytes);
    await rejectsError(t, () => openSession(t, { ledgerPath: path, tornTail: 'error' }), {
      instanceOf: LedgerError,
      code: 'ERR_TORN_TAIL',
    });
    t.true(readFileSync(path).equals(bytes));
    const session = await openSession(t, { ledgerPath: path });
    const { tail } = session.recovery;
    t.true(readFileSync(tail?.path ?? '').equals(bytes.subarray(tail?.offset)));
    t.is((await session.record(ended('after'))).seq, kept);
    t.like(await verifyFile(path, { signers }), { verdict: 'intact', eventCount: kept + 1, tail: null });
  }
});

test('file deleted, renamed or truncated while open: an error before the write', async (t) => {
  const harm: ((path: string) => void)[] = [
    rmSync,
    (path) => renameSync(path, `${path}.1`),
    (path) => truncateSync(path, 10),
    (path) => appendFileSync(path, '\n'),
  ];
  for (const change of harm) {
    const path = newPath(t);
    const session = await openSession(t, { ledgerPath: path });
    await session.record(ended(0));
    change(path);
    await rejectsError(t, () => session.record(ended(1)), {
      instanceOf: LedgerError,
      code: 'ERR_LEDGER_CHANGED',
      outcome: 'not-written',
    });
  }
});

test('key file 0644; dangling symlink as key: refused', (t) => {
  const path = newPath(t, 'agent.key');
  writeFileSync(path, seed1);
  chmodSync(path, 0o644);
  throwsError(t, () => SigningKeypair.loadOrCreate(path), { instanceOf: KeyLoadError, code: 'ERR_KEY_PERMISSIONS' });
  const { link, target } = danglingLink(t);
  throwsError(t, () => SigningKeypair.loadOrCreate(link), { instanceOf: KeyLoadError, code: 'ERR_KEY_NOT_FOUND' });
  t.false(existsSync(target));
});

test('args_redacted nested deeper than it can re-read: one limit both ways', (t) => {
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const lineWith = (levels: number) => {
    const eventText = toolCalled(0)
      .toString()
      .replace('"args_redacted":0', `"args_redacted":${nested(levels)}`);
    return sealedLine({ seq: 0, timestampNanos: START, parentHash: '0'.repeat(64), eventText }, seed1);
  };
  t.is(toolCalled(JSON.parse(nested(124))).toString(), SignedEvent.parse(lineWith(124)).event.toString());
  t.is(verifyChain([lineWith(124)], { signers }).verdict, 'intact');
  throwsError(t, () => toolCalled(JSON.parse(nested(125))), {
    instanceOf: SealwrightRangeError,
    code: 'ERR_DEPTH_EXCEEDED',
  });
  throwsError(t, () => verifyChain([lineWith(125)]), { instanceOf: ChainError, code: 'ERR_DEPTH_EXCEEDED' });
});

test('`__proto__` and integer-like keys, accessors, proxies, objects of another realm in a payload: round trip exact or refused', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path });
  const text = '{"2":1,"10":2,"__proto__":{"a":{"__proto__":null}},"b":[]}';
  for (const value of [JSON.parse(text), runInNewContext(`JSON.parse(${JSON.stringify(text)})`)]) {
    const signed = await session.record(toolCalled(value));
    t.true(signed.toLine().includes(`"args_redacted":${text}`));
    t.is(JSON.stringify(signed.event.payload['args_redacted']), text);
  }
  let read = 0;
  const getter = Object.defineProperty({}, 'a', { enumerable: true, get: () => (read += 1) });
  const proxy = new Proxy({}, { ownKeys: () => ((read += 1), []) });
  for (const value of [getter, proxy]) {
    const refused = { instanceOf: SealwrightTypeError, code: 'ERR_JSON_UNSUPPORTED' } as const;
    throwsError(t, () => toolCalled({ value }), refused);
    await rejectsError(t, () => session.record({ type: 'ToolCalled', payload: { args_redacted: value } }), refused);
  }
  t.is(read, 0);
  t.like(await verifyFile(path, { signers, spelling: 'exact' }), { verdict: 'intact', eventCount: 2 });
});

test('timestamps go backwards: valid, with the warning time_went_back', async (t) => {
  t.like(await verifyFile(variant('time_backwards')), {
    verdict: 'intact',
    ok: true,
    warnings: [{ code: 'time_went_back' }],
  });
});
