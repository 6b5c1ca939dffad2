// How the viewer tells apart what was dropped on it.

import { createHash, createPublicKey } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { verifyChain } from 'sealwright';
import type { Dropped, NamedBlob } from '../../viewer/client.ts';
import type { Engine } from '../../viewer/engine.ts';
import { sortFiles } from '../../viewer/worker/sort.js';
import { testEngine } from '../helpers/engine.mts';
import { chainOf, key1, linesOfEvents, textOf } from '../helpers/ledgers.mts';
import { testWith } from '../helpers/parts.mts';

const chain = chainOf(3);
const lines = linesOfEvents(chain);
const ledger = textOf(chain);
const head = { seq: 2, hash: chain[2]?.selfHash ?? '' };
const claims = { keys: [], head: null, verdict: 'intact', tool: 'test 0' };

/** What is used of the engine, without the module. */
const engine = {
  publicKey(text: string) {
    if (!/^[0-9a-f]{64}$/.test(text.trim())) throw new Error('no key');
    return { publicKey: text.trim(), fingerprint: '' };
  },
  sha256() {
    const hash = createHash('sha256');
    return { update: (bytes: Uint8Array) => void hash.update(bytes), hex: () => hash.digest('hex') };
  },
} as unknown as Engine;

type File = readonly [name: string, contents: string | Uint8Array];

function drop(files: readonly File[], by: Engine = engine): Promise<Dropped> {
  const openPack = ({ name }: NamedBlob) => {
    if (name.startsWith('bad')) return Promise.reject(new Error('no evidence pack'));
    return Promise.resolve({ ledger: [{ name: 'ledger.ndjson', blob: new Blob([ledger]) }], claims });
  };
  return sortFiles(
    files.map(([name, contents]) => ({ name, blob: new Blob([contents as string]) })),
    { engine: by, openPack },
  );
}

const namesOf = ({ ledger: files }: Dropped) => files.map(({ name }) => name);
const reasonOf = ({ refused }: Dropped) => refused.map(({ name, reason }) => `${name}: ${reason}`).join('\n');

test('a ledger is known by its lines, whatever it is called', async (t) => {
  const broken = ledger.replace('{"seq":0', '{"seq":"0"');
  for (const text of [ledger, broken, `\n \r\n${ledger}`, lines[0] ?? '', ledger.slice(0, 300), `{"seq":0,"event":"${'x'.repeat(100_000)}"}`, '{ "event" : {}}', `{"seq":0,"hash":"${head.hash}","event":{}}`, `${lines[1]}\n`]) {
    const dropped = await drop([['anything.txt', text]]);
    t.deepEqual([namesOf(dropped), dropped.refused, dropped.head, dropped.keys, dropped.claims], [['anything.txt'], [], null, [], null], text);
  }
  // One that begins in another way is known by its name, and it is for the verifier to say what it is.
  for (const text of ['', 'no ledger', '\0\0', '[]', '\ufeff{}']) {
    t.deepEqual(namesOf(await drop([['ledger.ndjson', text]])), ['ledger.ndjson'], text);
    t.regex(reasonOf(await drop([['ledger.txt', text]])), /^ledger\.txt: it is (?:empty|neither)/, text);
  }
});

test('what is said of a ledger is not taken for one', async (t) => {
  const report = verifyChain(chain).toJSON();
  const record = { publicKey: key1.publicKeyHex, signature: '0'.repeat(128), statement: { report } };
  for (const value of [report, record, { state: report }, [report], { schemaVersion: 1, keys: [] }]) {
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
      t.is(reasonOf(await drop([['said.json', text]])), 'said.json: it is neither a ledger, nor a pack, a public key or a head', text);
    }
  }
});

test('a head is known in each of its forms', async (t) => {
  const { seq, hash } = head;
  const forms = [
    `${seq}:${hash}`,
    ` ${seq}:${hash}\n`,
    JSON.stringify(head),
    JSON.stringify({ hash, seq }, null, 2),
    JSON.stringify({ schemaVersion: 1, note: 'a claim', head }),
    JSON.stringify({ [`ledger:${chain[0]?.selfHash}`]: [seq, hash], 'path:/srv/ledger.ndjson': [0, chain[0]?.selfHash] }),
  ];
  for (const form of forms) t.deepEqual(await drop([['head', form]]), { ledger: [], claims: null, keys: [], head, refused: [] }, form);
  for (const other of [`${seq}:${hash}0`, `9007199254740992:${hash}`, '{}', '{"seq":1}', JSON.stringify({ seq: '1', hash: head.hash }), '{"ledger:x":[1,2]}', JSON.stringify({ ok: true, verdict: 'intact', schemaVersion: 1, head })]) {
    t.is((await drop([['head', other]])).head, null, other);
  }
});

test('of a head store the head of this ledger is taken', async (t) => {
  const other = 'f'.repeat(64);
  const both = JSON.stringify({ [`ledger:${chain[0]?.selfHash}`]: [2, head.hash], [`ledger:${other}`]: [9, other] });
  t.deepEqual((await drop([['heads.json', both], ['l.ndjson', ledger]])).head, head);
  const alone = await drop([['heads.json', both]]);
  t.deepEqual([alone.head, reasonOf(alone)], [null, 'heads.json: it is a head store, and knows no head of this ledger, or of which ledger is open: drop the ledger with it']);
  const stranger = JSON.stringify({ [`ledger:${other}`]: [9, other] });
  t.is((await drop([['heads.json', stranger], ['l.ndjson', ledger]])).head, null);
  // Nobody can tell by a first event that is not there.
  t.deepEqual((await drop([['heads.json', stranger], ['l.1-2.ndjson', `${lines.slice(1).join('\n')}\n`]])).head, { seq: 9, hash: other });
});

test('heads that differ are not chosen from', async (t) => {
  const text = `2:${head.hash}`;
  const same = await drop([['a', text], ['b', JSON.stringify(head)]]);
  t.deepEqual([same.head, same.refused], [head, []]);
  const differing = await drop([['a', text], ['b', `1:${head.hash}`]]);
  t.deepEqual([differing.head, reasonOf(differing)], [head, 'b: it has another head than a: drop one of them']);
});

test('keys are told by the engine', async (t) => {
  const dropped = await drop([['agent.pub', `${key1.publicKeyHex}\n`], ['l.ndjson', ledger]]);
  t.deepEqual(dropped.keys, [{ name: 'agent.pub', publicKey: key1.publicKeyHex }]);
  t.deepEqual(namesOf(dropped), ['l.ndjson']);
});

testWith(['wasm'], 'keys are known as hex and as PEM, and private ones are not taken', async (t) => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key1.publicKeyHex, 'hex').toString('base64url') };
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
  const real = await testEngine();
  for (const form of [key1.publicKeyHex, key1.publicKeyHex.toUpperCase(), pem, `${pem}\n`]) {
    t.deepEqual((await drop([['key', form]], real)).keys, [{ name: 'key', publicKey: key1.publicKeyHex }], form);
  }
  const secret = pem.replaceAll('PUBLIC', 'PRIVATE');
  t.regex(reasonOf(await drop([['key', secret]], real)), /it is a private key/);
  t.deepEqual((await drop([['key', 'f'.repeat(63)]], real)).keys, []);
});

test('compressed files are told by their first bytes', async (t) => {
  const zstd = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0);
  const dropped = await drop([['l.ndjson.gz', gzipSync(ledger)], ['x.ndjson', zstd], ['head.txt.gz', gzipSync(`2:${head.hash}`)]]);
  t.deepEqual(namesOf(dropped), ['l.ndjson']);
  t.deepEqual(dropped.head, head);
  t.is(await dropped.ledger[0]?.blob.text(), ledger);
  t.regex(reasonOf(dropped), /^x\.ndjson: it is compressed with zstd, .*`zstd -d`/);
});

test('a pack is shown alone, and what is no pack says why', async (t) => {
  const zip = 'PK\u0003\u0004';
  const dropped = await drop([['l.ndjson', ledger], ['a.zip', zip], ['b.zip', zip], ['bad.zip', zip], ['head', `2:${head.hash}`]]);
  t.deepEqual(dropped.claims, claims);
  t.deepEqual(namesOf(dropped), ['ledger.ndjson']);
  // A head that is dropped with a pack is the user's, and no claim of it.
  t.deepEqual(dropped.head, head);
  t.is(reasonOf(dropped), 'bad.zip: no evidence pack\nb.zip: another pack was dropped with it, and only one is shown at a time\nl.ndjson: a.zip is a pack, and the ledger in it is shown');
});

test('a file that is there twice counts once', async (t) => {
  const dropped = await drop([['l.ndjson', ledger], ['l.0-2.ndjson', ledger], ['copy.ndjson', ledger], ['other.ndjson', ledger.replace('"0"', '"9"')]]);
  t.deepEqual(namesOf(dropped), ['l.0-2.ndjson', 'other.ndjson']);
  t.deepEqual(dropped.refused.map(({ name }) => name), ['copy.ndjson', 'l.ndjson']);
});
