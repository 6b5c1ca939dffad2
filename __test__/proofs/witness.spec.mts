// Witnesses over HTTP: what a server answers, to the kind and to the hostile, and what a client makes of it. The rule itself
// is tested in crates/core/tests/proofs/witnesses.rs.

import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ProofError, SigningKeypair } from 'sealwright';
import {
  cosign,
  type CosignOptions,
  openCheckpoint,
  serveWitness,
  type ServeWitnessOptions,
  verifyForkEvidence,
  Witness,
  type WitnessAnswer,
} from 'sealwright/proofs';
import { newFolder } from '../helpers/folders.mts';
import { cosignature, History, log, noteBy, ORIGIN, policyOf, vkey, witness as bystander } from './helpers/history.mts';

const [one, other] = [new History('one'), new History('other')];
const TOKEN = 'a-token-of-20-chars!';

function newWitness(t: ExecutionContext, name = 'w.example', state = newFolder(t)): Witness {
  const witness = new Witness({ state, keypair: SigningKeypair.generate(), name, logs: [vkey(log)] });
  t.teardown(() => witness.close());
  return witness;
}

async function serve(t: ExecutionContext, options: Partial<ServeWitnessOptions> = {}) {
  const witness = options.witness ?? newWitness(t);
  const server = await serveWitness({ ...options, witness });
  t.teardown(() => server.close());
  return { ...server, witness, add: `${server.url}/add-checkpoint` };
}

const send = (url: string, body: string | Uint8Array<ArrayBuffer>, init: RequestInit = {}) => fetch(url, { method: 'POST', body, ...init });
const options = (url: string, key: string, more: Partial<CosignOptions> = {}): CosignOptions => ({
  policy: policyOf([key], [url]),
  prove: (oldSize) => one.prove(oldSize, 9),
  ...more,
});

test('a checkpoint is cosigned, and one that goes on from it', async (t) => {
  const { url, witness } = await serve(t);
  const first = await cosign(one.checkpoint(5), options(url, witness.key));
  t.like(first, { ok: true, failures: [], forks: [], cosigned: [{ name: 'w.example' }] });
  t.true(Math.abs((first.cosigned[0]?.time ?? 0) - Date.now() / 1000) < 100);
  t.is(witness.latest(ORIGIN), first.note);
  const second = await cosign(one.checkpoint(9), options(url, witness.key));
  t.like(openCheckpoint(second.note, { policy: policyOf([witness.key]) }), { size: 9, witnesses: [{ name: 'w.example' }] });
  // Once more, and by who knows what the witness knows.
  t.true((await cosign(one.checkpoint(9), options(url, witness.key, { oldSize: 9 }))).ok);
  t.true((await cosign(second.note, options(url, witness.key))).ok);
});

test('the answers have the status, type and body of the protocol', async (t) => {
  const { add } = await serve(t);
  const answer = async (body: string) => {
    const response = await send(add, body);
    return [response.status, response.headers.get('content-type'), await response.text()] as const;
  };
  t.regex((await answer(one.request(0, 5)))[2], /^— w\.example [A-Za-z0-9+/]+=*\n$/);
  t.deepEqual(await answer(one.request(0, 9)), [409, 'text/x.tlog.size', '5\n']);
  t.is((await answer('old 5\n'))[0], 400);
  t.is((await answer(`old 6\n\n${one.checkpoint(5)}`))[0], 400);
  t.is((await answer(`old 5\n\n${one.checkpoint(9, { ...log, seed: bystander.seed, publicKey: bystander.publicKey })}`))[0], 403);
  t.is((await answer(`old 5\n\n${noteBy({ ...log, name: 'example.com/unknown' }, `example.com/unknown\n5\n${'A'.repeat(43)}=\n`)}`))[0], 404);
  const [status, type, evidence] = await answer(other.request(5, 5));
  t.deepEqual([status, type], [409, 'text/x.sealwright.fork-evidence']);
  t.true(verifyForkEvidence(evidence, { policy: policyOf() }).ok);
  t.is((await answer(other.request(5, 9)))[0], 422);
  t.is((await answer(one.request(5, 9)))[0], 200);
});

test('of requests at once the state never goes back', async (t) => {
  const { add, witness } = await serve(t);
  await send(add, one.request(0, 5));
  const sizes = [6, 7, 8, 9, 10, 11, 12, 13];
  const statuses = await Promise.all(sizes.map(async (size) => (await send(add, one.request(5, size))).status));
  t.is(statuses.filter((status) => status === 200).length, 1);
  const size = sizes[statuses.indexOf(200)];
  t.true(witness.latest(ORIGIN)?.includes(`\n${size}\n`));
});

test('a fork is evident to the client, also behind a power of two where it has the root', async (t) => {
  for (const size of [5, 8]) {
    const { url, witness, add } = await serve(t);
    t.is((await send(add, other.request(0, size))).status, 200);
    const asked = options(url, witness.key, { root: (count) => one.root(count), mode: 'fail-open' });
    const { ok, failures, forks, cosigned } = await cosign(one.checkpoint(9), asked);
    t.like({ ok, cosigned, code: failures[0]?.code }, { ok: false, cosigned: [], code: 'fork' });
    const report = verifyForkEvidence(forks[0] ?? '', { policy: asked.policy });
    t.deepEqual(report.problems, []);
    t.like(report, { ok: true, older: { size, root: other.root(size) }, newer: { size: 9, root: one.root(9) } });
    const without = await cosign(one.checkpoint(9), { ...asked, root: undefined });
    t.is(without.failures[0]?.code, size === 8 ? 'inconsistent' : 'fork');
  }
});

test('no quorum is an error that has all that is known, or a result', async (t) => {
  const [first, second] = [await serve(t), await serve(t, { witness: newWitness(t, 'w2.example') })];
  await send(second.add, other.request(0, 5));
  const keys = [first.witness.key, second.witness.key];
  const policy = policyOf(keys, [first.url, second.url]);
  const prove = (oldSize: number) => one.prove(oldSize, 9);
  const error = await t.throwsAsync(cosign(one.checkpoint(9), { policy, prove }), { instanceOf: ProofError, code: 'ERR_QUORUM_MISSING' });
  t.like(error?.cosigning, { ok: false, cosigned: [{ name: 'w.example' }], failures: [{ name: 'w2.example', code: 'fork' }] });
  t.true(verifyForkEvidence(error?.cosigning?.forks[0] ?? '', { policy }).ok);
  t.regex(error?.message ?? '', /w2\.example: the log has signed another history/);
  t.false((await cosign(one.checkpoint(9), { policy, prove, mode: 'fail-open' })).ok);
  // One of them is enough for another policy.
  t.true((await cosign(one.checkpoint(9), { policy: policyOf(keys, [first.url, second.url], 'any'), prove })).ok);
});

test('each way to fail has its code', async (t) => {
  const { url, witness, add } = await serve(t);
  await send(add, one.request(0, 9));
  const stranger = newWitness(t, 'stranger.example');
  const code = async (checkpoint: string, given: CosignOptions) => {
    const { failures } = await cosign(checkpoint, { ...given, mode: 'fail-open' });
    return failures.map((failure) => failure.code).join();
  };
  t.is(await code(one.checkpoint(5), options(url, witness.key)), 'ahead');
  t.is(await code(one.checkpoint(9), { ...options(url, witness.key), policy: policyOf([witness.key]) }), 'no_url');
  for (const bad of ['ftp://example.com', 'http://user:pw@localhost', 'http://localhost/?a', 'nothing']) {
    t.is(await code(one.checkpoint(9), options(bad, witness.key)), 'no_url');
  }
  const tokens = { 'w.example': TOKEN };
  t.is(await code(one.checkpoint(9), options('http://192.0.2.1', witness.key, { tokens })), 'no_url');
  t.is(await code(one.checkpoint(9), options(url, stranger.key)), 'bad_cosignature');
  t.is(await code(one.checkpoint(12), options(url, witness.key, { prove: () => { throw new Error('no'); } })), 'proof_failed');
  t.is(await code(one.checkpoint(12), options(url, witness.key, { prove: () => ['zz'] })), 'proof_failed');
  t.is(await code(one.checkpoint(12), options(url, witness.key, { prove: () => [] })), 'inconsistent');
  const closed = await serve(t);
  await closed.close();
  t.is(await code(one.checkpoint(9), options(closed.url, closed.witness.key)), 'unreachable');
  const second = new Witness({ state: newFolder(t), keypair: SigningKeypair.generate(), name: 'w3', logs: [vkey({ ...log, name: 'example.com/x' })] });
  t.teardown(() => second.close());
  const elsewhere = await serve(t, { witness: second });
  t.is(await code(one.checkpoint(9), options(elsewhere.url, second.key)), 'unknown_log');
});

/** The code with which something that is no witness is given up. */
async function impostor(t: ExecutionContext, answer: (body: string) => Response | Promise<Response>, more: Partial<CosignOptions> = {}): Promise<string> {
  const key = vkey({ ...bystander, name: 'w.example' });
  const fetch = async (_url: string, init: RequestInit) => answer(String(init.body));
  const { ok, failures } = await cosign(one.checkpoint(9), options('http://localhost', key, { fetch, mode: 'fail-open', ...more }));
  t.false(ok);
  return failures[0]?.code ?? '';
}

test('an answer that is none is not taken', async (t) => {
  const code = (answer: (body: string) => Response | Promise<Response>, more?: Partial<CosignOptions>) => impostor(t, answer, more);
  const text = `${ORIGIN}\n9\n${Buffer.from(one.root(9), 'hex').toString('base64')}\n`;
  const size = (value: string) => new Response(value, { status: 409, headers: { 'content-type': 'text/x.tlog.size' } });
  t.is(await code(() => new Response('ok\n')), 'bad_cosignature');
  t.is(await code(() => new Response('')), 'bad_cosignature');
  t.is(await code(() => new Response(cosignature({ ...bystander, name: 'w.example' }, text.replace('9', '8'), 5))), 'bad_cosignature');
  t.is(await code(() => new Response('x'.repeat(3 << 20))), 'bad_answer');
  t.is(await code(() => new Response(Buffer.of(0xff))), 'bad_answer');
  for (const bad of ['', '5', '05\n', '5 \n', '-1\n', '99999999999999999\n', 'x\n']) t.is(await code(() => size(bad)), 'bad_answer');
  t.is(await code((body) => size(body.startsWith('old 0') ? '5\n' : '6\n')), 'conflict');
  t.is(await code((body) => size(body.startsWith('old 0') ? '9\n' : '9\n')), 'inconsistent');
  t.is(await code(() => new Response('', { status: 500 })), 'refused');
  t.is(await code(() => new Response('', { status: 403 })), 'untrusted_log');
  const evidence = (body: string) => new Response(body, { status: 422, headers: { 'content-type': 'text/x.sealwright.fork-evidence' } });
  t.is(await code(() => evidence('it lied, believe me')), 'inconsistent');
  t.is(await code(() => new Promise(() => {}), { timeoutMs: 20 }), 'timeout');
  t.is(await code(() => size('5\n'), { timeoutMs: 20, prove: () => new Promise(() => {}) }), 'timeout');
});

test('redirects are refused, and a caller can give up', async (t) => {
  const server = createServer((request, response) => {
    request.resume();
    if (request.url === '/elsewhere') response.writeHead(404).end();
    else if (request.url?.startsWith('/slow') !== true) response.writeHead(307, { location: '/elsewhere' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const key = vkey({ ...bystander, name: 'w.example' });
  const { failures } = await cosign(one.checkpoint(9), options(url, key, { mode: 'fail-open' }));
  t.like(failures, [{ code: 'unreachable' }]);
  t.like((await cosign(one.checkpoint(9), options(`${url}/slow`, key, { mode: 'fail-open', timeoutMs: 50 }))).failures, [{ code: 'timeout' }]);
  const reason = new Error('enough');
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 50);
  await t.throwsAsync(cosign(one.checkpoint(9), options(`${url}/slow`, key, { signal: controller.signal })), { is: reason });
  await t.throwsAsync(cosign(one.checkpoint(9), options(url, key, { signal: AbortSignal.abort(reason) })), { is: reason });
});

test('a server takes requests under its own names, to one path, by POST, with the token', async (t) => {
  const { add, port, url } = await serve(t, { token: TOKEN, hosts: ['w.example'] });
  const authorization = `Bearer ${TOKEN}`;
  const raw = async (host: string) => statusOf(await talk(port, `POST /add-checkpoint HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${authorization}\r\nContent-Length: 0\r\n\r\n`));
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, 'w.example', 'W.Example']) t.is(await raw(host), 400, host);
  for (const host of ['evil.example', '127.0.0.1', `evil.example:${port}`, `localhost:${port + 1}`, '']) t.is(await raw(host), 421, host);
  t.is((await send(add, one.request(0, 5))).status, 401);
  for (const wrong of ['Bearer x', `Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN}x`]) {
    t.is((await send(add, one.request(0, 5), { headers: { authorization: wrong } })).status, 401, wrong);
  }
  const headers = { authorization };
  t.is((await send(`${url}/other`, '', { headers })).status, 404);
  t.is((await send(`${add}?x=1`, '', { headers })).status, 404);
  const got = await fetch(add, { headers });
  t.deepEqual([got.status, got.headers.get('allow')], [405, 'POST']);
  t.is((await send(add, one.request(0, 5), { headers })).status, 200);
  const key = vkey({ ...bystander, name: 'w.example' });
  t.like((await cosign(one.checkpoint(5), options(url, key, { mode: 'fail-open' }))).failures, [{ code: 'refused' }]);
});

test('what is no request is answered, or cut off, and the next one is served', async (t) => {
  const { add, port } = await serve(t, { timeoutMs: 300 });
  const head = `POST /add-checkpoint HTTP/1.1\r\nHost: localhost:${port}\r\n`;
  const good = one.request(0, 5);
  const status = async (text: string | Uint8Array) => statusOf(await talk(port, text));
  t.is((await send(add, good.replaceAll('\n', '\r\n'))).status, 400);
  t.is((await send(add, good.trimEnd())).status, 400);
  t.is((await send(add, '')).status, 400);
  t.is((await send(add, Buffer.of(0xff, 0xfe))).status, 400);
  t.is((await send(add, `\ufeff${good}`)).status, 400);
  t.is((await send(add, `${good}${good.split('\n').at(-2)}\n`.repeat(120))).status, 400);
  t.is((await send(add, Buffer.from(good), { headers: { 'content-encoding': 'gzip' } })).status, 415);
  t.is(await status(`${head}Content-Length: 1048577\r\n\r\n`), 413);
  t.is(await status(`${head}Content-Length: 99999999999999999999\r\n\r\n`), 400);
  t.is(await status(`${head}Transfer-Encoding: chunked\r\n\r\n${'8000\r\n'.concat('x'.repeat(0x8000), '\r\n').repeat(40)}`), 413);
  t.is(await status(`${head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`), 400);
  t.is(await status('GARBAGE\r\n\r\n'), 400);
  t.is(await status(`${head}X: ${'x'.repeat(20_000)}\r\n\r\n`), 431);
  // Neither the head nor the body comes to an end.
  t.is(await status(`${head}X-Slow: `), 408);
  t.is(await status(`${head}Content-Length: 100\r\n\r\nold 0`), 408);
  // In pieces it is a request like any other.
  const body = Buffer.from(good);
  const pieces = [body.subarray(0, 7), body.subarray(7)].map((piece) => Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]));
  t.is(await status(Buffer.concat([Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`), ...pieces, Buffer.from('0\r\n\r\n')])), 200);
  t.is((await send(add, good)).status, 409);
});

test('a server that closes answers what has come', async (t) => {
  const answers: WitnessAnswer[] = [];
  const { add, close, witness } = await serve(t, { onAnswer: (answer) => answers.push(answer) });
  const answer = send(add, one.request(0, 5));
  while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await close();
  t.is((await answer).status, 200);
  t.like(answers, [{ status: 200, origin: ORIGIN, size: 5, evidence: null }]);
  await t.throwsAsync(send(add, one.request(0, 5)));
  witness.close();
  await t.throwsAsync(witness.addCheckpoint(''), { code: 'ERR_INVALID_ARGUMENT' });
});

test('a listener that throws takes no answer away', async (t) => {
  const errors: unknown[] = [];
  const thrown = new Error('no');
  const onAnswer = () => {
    throw thrown;
  };
  const { add } = await serve(t, { onAnswer, onError: (error) => errors.push(error) });
  t.is((await send(add, one.request(0, 5))).status, 200);
  t.deepEqual(errors, [thrown]);
});

test('a state that cannot be kept is an error, and nothing is cosigned', async (t) => {
  const errors: unknown[] = [];
  const state = newFolder(t);
  const { add, witness } = await serve(t, { witness: newWitness(t, 'w.example', state), onError: (error) => errors.push(error) });
  t.throws(() => newWitness(t, 'w.example', state), { instanceOf: ProofError, code: 'ERR_WITNESS_STATE' });
  await send(add, one.request(0, 5));
  const name = readdirSync(state).find((file) => file !== 'lock') ?? '';
  writeFileSync(join(state, name), 'damaged');
  const response = await send(add, one.request(5, 9));
  t.deepEqual([response.status, await response.text()], [500, 'what was cosigned cannot be read or kept\n']);
  t.like(errors, [{ code: 'ERR_WITNESS_STATE' }]);
  t.throws(() => witness.latest(ORIGIN), { code: 'ERR_WITNESS_STATE' });
});

test('arguments that make no sense are refused', async (t) => {
  const keypair = SigningKeypair.generate();
  const state = newFolder(t);
  const code = (given: object) => t.throws(() => new Witness({ state, keypair, name: 'w', logs: [vkey(log)], ...given } as never))?.message;
  t.regex(code({ logs: [] }) ?? '', /needs the key of a log/);
  t.regex(code({ logs: ['x'] }) ?? '', /no key of a note/);
  t.regex(code({ name: 'a b' }) ?? '', /no key of a note/);
  t.regex(code({ keypair: 'x' }) ?? '', /SigningKeypair/);
  const witness = newWitness(t);
  await t.throwsAsync(serveWitness({ witness: {} as never }), { code: 'ERR_INVALID_ARGUMENT' });
  await t.throwsAsync(serveWitness({ witness, token: 'short' }), { code: 'ERR_INVALID_ARGUMENT' });
  await t.throwsAsync(serveWitness({ witness, port: 70_000 }), { code: 'ERR_OUT_OF_RANGE' });
  const { port } = await serve(t, { witness });
  await t.throwsAsync(serveWitness({ witness, port }), { code: 'EADDRINUSE' });
  const policy = policyOf([witness.key]);
  await t.throwsAsync(cosign('x', { policy, prove: () => [] }), { code: 'ERR_NOTE_MALFORMED' });
  await t.throwsAsync(cosign(one.checkpoint(5), { policy } as never), { code: 'ERR_INVALID_ARGUMENT' });
  await t.throwsAsync(cosign(one.checkpoint(5), { policy, prove: () => [], oldSize: 6 }), { code: 'ERR_OUT_OF_RANGE' });
  await t.throwsAsync(cosign(one.checkpoint(5), { policy: 'quorum none', prove: () => [] }), { code: 'ERR_NOTE_UNTRUSTED' });
});

/** What a server says to bytes, until it hangs up or has said something and nothing more comes. */
async function talk(port: number, text: string | Uint8Array): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    answer += piece;
    if (/^HTTP\/1\.1 \d+ .*\r\n(.+\r\n)*\r\n/.test(answer)) socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
