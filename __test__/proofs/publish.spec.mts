// Checkpoints that a session publishes by itself, to each kind of sink: a real file, server and program.

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { type CheckpointSink, type PublishOptions, type Session, SigningKeypair } from 'sealwright';
import {
  lastCheckpoint,
  logKey,
  openCheckpoint,
  proveConsistency,
  serveWitness,
  verifyConsistency,
  Witness,
} from 'sealwright/proofs';
import { newFolder, newPath } from '../helpers/folders.mts';
import { ended, key1, key2, openSession } from '../helpers/ledgers.mts';
import { ORIGIN as origin, policy, record } from './helpers/recorded.mts';

const sizeOf = (checkpoint: string) => openCheckpoint(checkpoint, { policy }).size;

function open(t: ExecutionContext, sinks: readonly CheckpointSink[], more: Partial<PublishOptions> = { everyEvents: 10 }, ledgerPath = newPath(t)): Promise<Session> {
  return openSession(t, { ledgerPath, checkpoint: { origin, sinks, ...more } });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setTimeout(5);
}

test('after so many events one is published, and the rest by closing', async (t) => {
  const ledgerPath = newPath(t);
  const seen: string[] = [];
  const session = await open(t, [(checkpoint) => void seen.push(checkpoint)], { everyEvents: 10 }, ledgerPath);
  await record(session, 9);
  t.is(seen.length, 0);
  await record(session, 1);
  await until(() => seen.length === 1);
  await session.recordMany(Array.from({ length: 25 }, () => ended('x')));
  await until(() => seen.length === 2);
  await session.record(ended('last'));
  session.recordSync(ended('very last'));
  await session.close();
  t.deepEqual(seen.map(sizeOf), [10, 35, 37]);
  t.is(session.checkpointError, null);
  const [from = '', , to = ''] = seen;
  t.true(verifyConsistency({ from, to, proof: await proveConsistency(ledgerPath, { from, to }), policy }).ok);
  // Nothing came since: nothing is published.
  await (await open(t, [(checkpoint) => void seen.push(checkpoint)], { everyEvents: 1 }, ledgerPath)).close();
  t.is(seen.length, 3);
});

test('after some time one is published, if something came', async (t) => {
  const seen: string[] = [];
  const session = await open(t, [(checkpoint) => void seen.push(checkpoint)], { everyMs: 1000 });
  await setTimeout(1200);
  t.is(seen.length, 0);
  await record(session, 3);
  await until(() => seen.length === 1);
  t.is(sizeOf(seen[0] ?? ''), 3);
  await setTimeout(1200);
  await session.close();
  t.is(seen.length, 1);
});

test('a file has the last one, and a program is given each', async (t) => {
  const folder = newFolder(t);
  const [file, copy] = [join(folder, 'published'), join(folder, 'copy')];
  const script = join(folder, 'keep.mjs');
  writeFileSync(script, "import { createWriteStream } from 'node:fs';\nprocess.stdin.pipe(createWriteStream(process.argv[2], { flags: 'a' }));\n");
  const session = await open(t, [{ file }, { command: [process.execPath, script, copy] }], { everyEvents: 2 });
  await record(session, 2);
  await until(() => existsSync(copy) && readFileSync(copy, 'utf8').endsWith('\n'));
  await record(session, 1);
  await session.close();
  t.is(session.checkpointError, null);
  t.is(sizeOf(readFileSync(file, 'utf8')), 3);
  t.is(statSync(file).mode & 0o777, 0o600);
  t.deepEqual(readFileSync(copy, 'utf8').match(/^\d+$/gm), ['2', '3']);
});

test('a server is posted each, and what it does not take is published again with what follows', async (t) => {
  let status = 500;
  const bodies: string[] = [];
  const base = await serve(t, async (request, response) => {
    let body = '';
    for await (const piece of request) body += String(piece);
    bodies.push(`${request.method} ${request.headers['content-type']} ${request.headers.authorization}\n${body}`);
    response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('x'.repeat(1000));
  });
  const elsewhere: string[] = [];
  const sinks = [{ url: `${base}/checkpoints`, headers: { authorization: 'Bearer t' } }, (checkpoint: string) => void elsewhere.push(checkpoint)];
  const session = await open(t, sinks, { everyEvents: 1 });
  await record(session, 1);
  await until(() => session.checkpointError !== null);
  t.regex(session.checkpointError ?? '', /answered 500$/);
  t.is(elsewhere.length, 1, 'the others are not kept from it');
  status = 302;
  await record(session, 1);
  await until(() => !session.checkpointError?.includes('500'));
  t.truthy(session.checkpointError, 'a redirection is not followed');
  status = 204;
  await session.close();
  t.is(session.checkpointError, null, 'closing tries again');
  t.is(bodies.length, 3);
  const [head, ...body] = bodies.at(-1)?.split('\n') ?? [];
  t.is(head, 'POST text/plain; charset=utf-8 Bearer t');
  t.is(sizeOf(body.join('\n')), 2);
});

test('what fails says why, and recording goes on', async (t) => {
  const folder = newFolder(t);
  const throws = () => {
    throw new Error('not today');
  };
  const cases: readonly (readonly [CheckpointSink, RegExp])[] = [
    [throws, /^not today$/],
    [() => Promise.reject(new Error('nor tomorrow')), /^nor tomorrow$/],
    [{ command: [process.execPath, '-e', 'process.exit(3)'] }, /ended with 3$/],
    [{ command: [join(folder, 'no-such-program')] }, /ENOENT/],
    [{ file: join(folder, 'no', 'folder') }, /ENOENT/],
    [{ url: 'http://127.0.0.1:1/' }, /fetch failed/],
  ];
  for (const [sink, expected] of cases) {
    const session = await open(t, [sink], { everyEvents: 1 });
    await record(session, 2);
    await session.close();
    t.regex(session.checkpointError ?? '', expected);
  }
  // It cannot be signed: the ledger is another one than before.
  const ledgerPath = newPath(t);
  await (await open(t, [() => undefined], { everyEvents: 1 }, ledgerPath)).close();
  const other = await openSession(t, { ledgerPath, checkpoint: { origin: 'example.com/other', everyEvents: 1, sinks: [() => undefined] } });
  const first = await openSession(t, { ledgerPath });
  await first.checkpoint({ origin });
  await record(other, 1);
  await other.close();
  t.regex(other.checkpointError ?? '', /example\.com\/ledger/);
});

test('options that say nothing, or too much, are refused', async (t) => {
  const refused = async (checkpoint: unknown, message: RegExp) =>
    t.throwsAsync(openSession(t, { ledgerPath: newPath(t), checkpoint: checkpoint as PublishOptions }), { message });
  const sinks = [() => undefined];
  await refused({ origin, sinks }, /everyEvents or everyMs/);
  await refused({ origin, everyEvents: 1, sinks: [] }, /one sink at least/);
  await refused({ origin, everyEvents: 0, sinks }, /from 1/);
  await refused({ origin, everyMs: 999, sinks }, /from 1000/);
  await refused({ everyEvents: 1, sinks }, /origin/);
  await refused({ origin, everyEvents: 1, witnesses: {} }, /witnesses\.policy/);
  await refused({ origin, everyEvents: 1, witnesses: { policy, mode: 'x' } }, /witnesses\.mode/);
  await refused({ origin, everyEvents: 1, sinks: [{}] }, /sinks\[0\] has one of/);
  await refused({ origin, everyEvents: 1, sinks: [{ file: 'x', url: 'http://a' }] }, /sinks\[0\] has one of/);
  await refused({ origin, everyEvents: 1, sinks: [{ url: 'ftp://a' }] }, /http: or https:/);
  await refused({ origin, everyEvents: 1, sinks: [{ url: 'http://a', headers: { 'a b': 'c' } }] }, /headers/);
  await refused({ origin, everyEvents: 1, sinks: [{ file: 'x', headers: {} }] }, /no url/);
  await refused({ origin, everyEvents: 1, sinks: [{ command: [] }] }, /a program and its arguments/);
  const key = SigningKeypair.generate();
  const signer = { publicKey: key.publicKeyHex, sign: () => Promise.reject(new Error('no')) };
  const withSigner = { ledgerPath: newPath(t), keypair: undefined, signer };
  await t.throwsAsync(openSession(t, { ...withSigner, checkpoint: { origin, everyEvents: 1, sinks } }), { message: /keypair is missing/ });
  await t.notThrowsAsync(openSession(t, { ...withSigner, checkpoint: { origin, everyEvents: 1, sinks, keypair: key2 } }));
});

async function serve(t: ExecutionContext, answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<string> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function witnessOf(t: ExecutionContext, name: string) {
  const witness = new Witness({ state: newFolder(t), keypair: SigningKeypair.generate(), name, logs: [logKey(origin, key1.publicKeyHex)] });
  const server = await serveWitness({ witness });
  t.teardown(async () => {
    await server.close();
    witness.close();
  });
  return { line: (label: string) => `witness ${label} ${witness.key} ${server.url}\n`, server };
}

test('what is published was cosigned before, and is kept so', async (t) => {
  const ledgerPath = newPath(t);
  const [one, two] = [await witnessOf(t, 'w.example/1'), await witnessOf(t, 'w.example/2')];
  const quorum = `${policy.replace('quorum none\n', '')}${one.line('A')}${two.line('B')}group both all A B\nquorum both\n`;
  const seen: string[] = [];
  const session = await open(t, [(checkpoint) => void seen.push(checkpoint)], { everyEvents: 4, witnesses: { policy: quorum } }, ledgerPath);
  await record(session, 4);
  await until(() => seen.length === 1);
  await record(session, 4);
  await until(() => seen.length === 2);
  await session.close();
  t.is(session.checkpointError, null);
  for (const [index, checkpoint] of seen.entries()) {
    const shown = openCheckpoint(checkpoint, { policy: quorum });
    t.is(shown.size, 4 * (index + 1));
    t.deepEqual(shown.witnesses.map(({ name }) => name), ['w.example/1', 'w.example/2']);
  }
  t.is(await lastCheckpoint(ledgerPath), seen[1] ?? '');
});

test('without a quorum nothing is published, or what there is: as the caller says', async (t) => {
  const [one, two] = [await witnessOf(t, 'w.example/1'), await witnessOf(t, 'w.example/2')];
  const quorum = `${policy.replace('quorum none\n', '')}${one.line('A')}${two.line('B')}group both all A B\nquorum both\n`;
  await two.server.close();
  for (const mode of ['fail-closed', 'fail-open'] as const) {
    const seen: string[] = [];
    const session = await open(t, [(checkpoint) => void seen.push(checkpoint)], { everyEvents: 1, witnesses: { policy: quorum, mode } });
    // To the witness each of these ledgers is another history of one log.
    await record(session, mode === 'fail-closed' ? 1 : 2);
    await session.close();
    t.regex(session.checkpointError ?? '', /w\.example\/2: /);
    t.is(seen.length > 0, mode === 'fail-open');
  }
});

test('witnesses alone are enough, and a session that shows them another history hears of it', async (t) => {
  const one = await witnessOf(t, 'w.example/1');
  const witnesses = { policy: `${policy.replace('quorum none\n', '')}${one.line('A')}quorum A\n` };
  const honest = await openSession(t, { ledgerPath: newPath(t), checkpoint: { origin, everyEvents: 2, witnesses } });
  await record(honest, 2);
  await honest.close();
  t.is(honest.checkpointError, null);
  const lying = await openSession(t, { ledgerPath: newPath(t), checkpoint: { origin, everyEvents: 5, witnesses } });
  await record(lying, 5);
  await lying.close();
  t.regex(lying.checkpointError ?? '', /w\.example\/1: /);
});
