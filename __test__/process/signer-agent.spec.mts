// The signer agent signs each place of a ledger once. What it has signed is never lost between its disk and the ledger, and
// a process that may only ask it can neither read the key nor have a second history signed.

import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { LedgerError, SealwrightTypeError, Session, SignedEvent, socketSigner } from 'sealwright';
import { verifyFile as crosscheckFile } from 'sealwright/crosscheck';
import { rejectsError, throwsError } from '../helpers/errors.mts';
import { newFolder, newPath } from '../helpers/folders.mts';
import { linesOf } from '../helpers/ledgers.mts';
import { testWith } from '../helpers/parts.mts';
import { RecordingSigner } from '../helpers/signers.mts';
import { Agent, brief } from './helpers/agent.mts';
import { keypair, numbered, seed } from './helpers/fixture.mts';
import { intact, names, recorded } from './helpers/ledger.mts';
import { SignerAgent, type SignerOptions } from './helpers/signer.mts';
import { ask, frame, framesOf, hello, ledger, refusal, sign, u32 } from './helpers/wire.mts';

const NOBODY = 65534;
const RECORDER = 4711;
/** Codes of refusals, from docs/signer.md. */
const [MALFORMED, VERSION, STRANGER, NO_EVENT, FORK, ROLLBACK, UNKNOWN, FULL] = [1, 2, 3, 4, 5, 6, 7, 8];

async function started(t: ExecutionContext, options?: SignerOptions): Promise<SignerAgent> {
  return new SignerAgent(t, options).start();
}

async function open(t: ExecutionContext, agent: SignerAgent, ledgerPath: string, signTimeoutMs = 30_000): Promise<Session> {
  const session = await Session.open({ signer: socketSigner(agent.socket), ledgerPath, sessionId: 's', signTimeoutMs });
  t.teardown(() => session.close());
  return session;
}

/** Asserts that a ledger is whole to both verifiers; gives its events. */
async function whole(t: ExecutionContext, path: string): Promise<SignedEvent[]> {
  const { head } = await intact(t, path);
  const options = { signers: keypair.publicKeyHex, expectedHead: head ?? undefined };
  t.is((await crosscheckFile(path, options)).verdict, 'verified');
  return linesOf(path).map((line) => SignedEvent.parse(line));
}

/** The text that was hashed: the events of these tests need no other order of keys but that of the outer two objects. */
function hashedText({ event, parentHash, seq, timestampNanos }: SignedEvent): string {
  const payload = Object.fromEntries(Object.entries(event.payload).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const canonical = JSON.stringify({ payload, type: event.type });
  return `{"event":${canonical},"parent_hash":"${parentHash}","seq":${seq},"timestamp_nanos":${timestampNanos}}`;
}

testWith(['signer'], 'records of every kind are signed by the agent, and the ledger is that of its key', async (t) => {
  const agent = await started(t);
  const path = newPath(t);
  const session = await open(t, agent, path);
  t.is(session.publicKeyHex, keypair.publicKeyHex);
  await session.record(numbered('a', 0));
  await Promise.all(Array.from({ length: 100 }, (_, n) => session.record(numbered('a', n + 1))));
  t.is(session.recordSync(numbered('a', 101)).seq, 101);
  session.closeSync();
  const again = Session.openSync({ signer: socketSigner(agent.socket), ledgerPath: path, sessionId: 'again' });
  again.recordSync(numbered('a', 102));
  await again.recordMany([numbered('a', 103), numbered('a', 104)]);
  await again.close();
  await whole(t, path);
  t.deepEqual(recorded(path), names('a', 105));
});

testWith(['signer'], 'many sessions of a process share a connection', async (t) => {
  const agent = await started(t);
  const path = newPath(t);
  // More than the agent takes connections.
  const sessions = await Promise.all(Array.from({ length: 80 }, () => open(t, agent, path)));
  await Promise.all(sessions.map((session, n) => session.record(numbered('a', n))));
  await Promise.all(sessions.map((session) => session.close()));
  t.is((await whole(t, path)).length, 80);
});

testWith(['signer'], 'an agent that was killed and started again goes on, in the same session', async (t) => {
  const agent = await started(t);
  const path = newPath(t);
  const session = await open(t, agent, path);
  await session.record(numbered('a', 0));
  await agent.kill();
  const gone = { instanceOf: LedgerError, code: 'ERR_SIGNER_FAILED', outcome: 'not-written' } as const;
  await rejectsError(t, () => session.record(numbered('lost', 0)), gone);
  await agent.start();
  t.is((await session.record(numbered('a', 1))).seq, 1);
  await session.close();
  await whole(t, path);
});

testWith(['signer'], 'what was signed and not written comes first, wherever the writer was cut off', async (t) => {
  const agent = await started(t);
  const path = newPath(t);
  const session = await open(t, agent, path);
  await session.record(numbered('a', 0));
  await session.recordMany([1, 2, 3].map((n) => numbered('a', n)));
  await session.close();
  const text = readFileSync(path, 'utf8');
  const lines = linesOf(path).map((line) => `${line}\n`);
  const [first = '', second = ''] = lines;
  for (const [left, from] of [
    [first, 1],
    [first + second, 2],
    [first + second.slice(0, 200), 1],
    [first + second.slice(0, -1), 2],
    [text.slice(0, -100), 3],
  ] as const) {
    if (from === 2) {
      await agent.kill();
      await agent.start();
    }
    writeFileSync(path, left);
    const restored = await open(t, agent, path);
    t.deepEqual(restored.recovery.unacknowledged, { from, to: 3 });
    t.is(restored.head?.seq, 3);
    await restored.close();
    t.is(readFileSync(path, 'utf8'), text);
  }
  const last = await open(t, agent, path);
  t.is(last.recovery.unacknowledged, null);
  t.is((await last.record(numbered('a', 4))).seq, 4);
  await last.close();
  await whole(t, path);
});

testWith(['signer', 'strace'], 'a recorder that is killed between signing and writing makes no fork', async (t) => {
  const agent = await started(t);
  const path = newPath(t);
  // The second group: the call that would have written it does nothing, and the process is gone.
  const fault = 'inject=pwrite64:error=EIO:signal=SIGKILL:when=2';
  const through = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=pwrite64', '-e', fault];
  const recorder = await Agent.start(t, 'killed', { through });
  await recorder.open(path, { signer: agent.socket });
  t.is(await recorder.recordOne(), 0);
  await t.throwsAsync(recorder.record({ batch: 3 }));
  t.is(linesOf(path).length, 1);

  const next = await Agent.start(t, 'next');
  const { recovery } = await next.open(path, { signer: agent.socket, lockTimeoutMs: 10_000 });
  t.deepEqual(recovery.unacknowledged, { from: 1, to: 3 });
  t.is(await next.recordOne(), 4);
  await next.close();
  await whole(t, path);
  t.deepEqual(recorded(path), [...names('killed', 4), 'next:0']);
});

testWith(['signer', 'strace'], 'a group that was signed and could not be written is appended before the next', async (t) => {
  const agent = await started(t);
  const path = newPath(t);
  const through = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=pwrite64', '-e', 'inject=pwrite64:error=ENOSPC:when=2'];
  const recorder = await Agent.start(t, 'full', { through });
  await recorder.open(path, { signer: agent.socket });
  t.is(await recorder.recordOne(), 0);
  t.deepEqual((await recorder.record()).map(brief), [['ERR_LEDGER_IO', 'unknown', 'ENOSPC']]);
  t.is(linesOf(path).length, 1);
  t.is(await recorder.recordOne(), 2);
  await recorder.close();
  await whole(t, path);
  t.deepEqual(recorded(path), names('full', 3));
});

testWith(['signer'], 'an agent that stands still is a time-out, and nothing is signed twice or lost', async (t) => {
  const agent = await started(t);
  const path = newPath(t);
  const session = await open(t, agent, path, 2000);
  await session.record(numbered('a', 0));
  await agent.stop();
  await rejectsError(t, () => session.record(numbered('late', 0)), {
    instanceOf: LedgerError,
    code: 'ERR_SIGNER_TIMEOUT',
    outcome: 'unknown',
  });
  agent.goOn();
  // The late request may reach the agent before or behind the question for it: then the next record is refused.
  let attempts = 0;
  const record = async (): Promise<void> => {
    attempts += 1;
    try {
      await session.record(numbered('a', 1));
    } catch (error) {
      if (attempts > 20 || !LedgerError.is(error)) throw error;
      t.is(error.outcome === 'unknown' ? error.code : 'ERR_SIGNER_REFUSED', error.code, error.message);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await record();
    }
  };
  await record();
  await session.close();
  await whole(t, path);
  const found = recorded(path);
  t.is(found[0], 'a:0');
  t.is(found.at(-1), 'a:1');
  t.true(found.filter((name) => name === 'late:0').length <= 1);
});

testWith(['signer'], 'older copies of a ledger: a group behind is made good, more is refused', async (t) => {
  const agent = await started(t);
  const folder = newFolder(t);
  const paths = ['ledger', 'one-behind', 'two-behind', 'empty'].map((name) => join(folder, `${name}.ndjson`));
  const [path = '', oneBehind = '', twoBehind = '', empty = ''] = paths;
  const session = await open(t, agent, path);
  await session.record(numbered('a', 0));
  copyFileSync(path, twoBehind);
  await session.record(numbered('a', 1));
  copyFileSync(path, oneBehind);
  await session.record(numbered('a', 2));
  await session.close();

  const copy = await open(t, agent, oneBehind);
  t.deepEqual(readFileSync(oneBehind), readFileSync(path));
  await copy.record(numbered('copy', 3));
  await copy.close();
  // Behind now is the other one. There is one history, whoever records it.
  const first = await open(t, agent, path);
  t.deepEqual(readFileSync(path), readFileSync(oneBehind));
  await first.close();

  const rollback = { instanceOf: LedgerError, code: 'ERR_ROLLBACK_DETECTED' } as const;
  await rejectsError(t, () => open(t, agent, twoBehind), rollback);
  t.is(linesOf(twoBehind).length, 1);
  const kept = readFileSync(path);
  writeFileSync(path, '');
  await rejectsError(t, () => open(t, agent, path), rollback);
  rmSync(path);
  await rejectsError(t, () => open(t, agent, path), rollback);
  writeFileSync(path, kept);
  // Elsewhere an empty file is a new ledger, and this agent signs for one.
  const other = await open(t, agent, empty);
  const refused = { instanceOf: LedgerError, code: 'ERR_SIGNER_REFUSED', outcome: 'not-written' } as const;
  await rejectsError(t, () => other.record(numbered('other', 0)), refused);
  await whole(t, path);
});

testWith(['signer'], 'a ledger that was begun with the key itself is adopted, and not otherwise', async (t) => {
  const agent = new SignerAgent(t, { args: ['--ledgers', '1'] });
  const path = newPath(t);
  const own = await Session.open({ keypair, ledgerPath: path, sessionId: 'own' });
  await own.recordMany([numbered('a', 0), numbered('a', 1)]);
  await own.close();
  await agent.start();
  const unknown = { instanceOf: LedgerError, code: 'ERR_SIGNER_REFUSED' } as const;
  await rejectsError(t, () => open(t, agent, path), unknown);
  await agent.kill();
  t.regex(await agent.run('--adopt', path), /^adopted [0-9a-f]{64} at event 1\n$/);
  await t.throwsAsync(agent.run('--adopt', path), { message: /the ledger is known, up to event 1/ });
  await agent.start();
  const session = await open(t, agent, path);
  t.is((await session.record(numbered('a', 2))).seq, 2);
  await session.close();
  // Whoever holds a copy of the key has gone on without the agent.
  const stolen = await Session.open({ keypair, ledgerPath: path, sessionId: 'own' });
  await stolen.record(numbered('a', 3));
  await stolen.close();
  await rejectsError(t, () => open(t, agent, path), unknown);
});

/** A recorder under a user of its own, and a folder for its ledger. */
async function recorderOf(t: ExecutionContext, groups: readonly number[]) {
  const folder = newFolder(t);
  chownSync(folder, RECORDER, RECORDER);
  const recorder = await Agent.start(t, 'recorder');
  await recorder.do({ do: 'become', id: RECORDER, groups });
  return { recorder, path: join(folder, 'ledger.ndjson') };
}

testWith(['signer', 'unprivileged'], 'a recorder of another user records, and can neither read the key nor fork', async (t) => {
  const agent = await started(t, { id: NOBODY, allow: [RECORDER] });
  t.is(statSync(agent.socket).mode & 0o777, 0o660);
  const { recorder, path } = await recorderOf(t, [NOBODY]);
  await recorder.open(path, { signer: agent.socket });
  t.is(await recorder.recordOne(), 0);
  t.is(await recorder.recordOne({ batch: 2 }), 2);
  await recorder.close();
  const signed = await whole(t, path);

  const denied = ['EACCES', 'EPERM'];
  const [state = ''] = readdirSync(agent.folder).filter((name) => name.endsWith('.ledger'));
  for (const name of ['signing.key', state, 'lock']) {
    t.is(statSync(join(agent.folder, name)).mode & 0o777, 0o600, name);
    const refused = await recorder.refusal({ do: 'readFile', path: join(agent.folder, name) });
    t.true(denied.includes(refused[0] as string), `${name}: ${refused[0]}`);
  }
  t.deepEqual(await recorder.refusal({ do: 'key', path: agent.keyPath }), ['ERR_KEY_IO', null, 'EACCES']);

  // What the recorder may say for itself, without this package.
  const [first, second, third] = signed as [SignedEvent, SignedEvent, SignedEvent];
  const here = ledger(path, first.selfHash, { seq: 2, hash: third.selfHash });
  const other = (event: SignedEvent) => hashedText(event).replace('"tool_name":"recorder"', '"tool_name":"forger"');
  const last = [second, third].map(hashedText);
  const endingAt = (head: SignedEvent) => ledger(path, first.selfHash, { seq: head.seq, hash: head.selfHash });
  const attempts: readonly [string, number, string][] = [
    ['another event 0', FORK, sign(ledger(path), [other(first)])],
    ['another event 0 elsewhere', FULL, sign(ledger('/elsewhere'), [other(first)])],
    ['another event 1', FORK, sign(endingAt(first), [other(second)])],
    ['another event 2', FORK, sign(endingAt(second), [other(third)])],
    ['a part of the last group', FORK, sign(here, last.slice(0, 1))],
    ['the last event alone', FORK, sign(here, last.slice(1))],
    ['an event of a ledger that is not known', UNKNOWN, sign(ledger(path, second.selfHash), [other(second)])],
    ['an event far ahead', FORK, sign(here, [other(third).replace('"seq":2', '"seq":9')])],
    ['a text with a space', NO_EVENT, sign(here, [`${other(third)} `])],
    ['a bare hash', NO_EVENT, sign(here, [Buffer.from(third.selfHash, 'hex')])],
    ['nothing', NO_EVENT, sign(here, [])],
    ['what lies far back', ROLLBACK, frame(2, ledger(path))],
    ['an unknown frame', MALFORMED, frame(9)],
  ];
  for (const [what, code, said] of attempts) {
    const [, reply] = await recorder.do<string[]>({ do: 'ask', path: agent.socket, frames: [hello, said] });
    t.is(refusal(reply), code, what);
  }
  const asked = await recorder.do<string[]>({ do: 'ask', path: agent.socket, frames: [hello, sign(endingAt(first), last)] });
  const signatures = [second, third].map(({ signature }) => signature).join('');
  t.is(asked[1], `83${u32(2).toString('hex')}${signatures}`, 'the last group once more: the signatures that are in the file');
  await recorder.open(path, { signer: agent.socket });
  t.is(await recorder.recordOne(), 3);
  await recorder.close();
  await whole(t, path);
});

testWith(['signer', 'unprivileged'], 'who is not on the list, or may not reach the socket, is refused', async (t) => {
  const agent = await started(t, { id: NOBODY, allow: [0] });
  const { recorder: stranger, path } = await recorderOf(t, [NOBODY]);
  t.deepEqual(await stranger.refusal({ do: 'open', ledgerPath: path, signer: agent.socket }), ['ERR_SIGNER_REFUSED', null, null]);
  // It is told before it has said anything.
  // A socket of Node.js that is closed while it connects may lose what it was sent.
  let told = '';
  for (let attempt = 0; told === '' && attempt < 5; attempt += 1) {
    [told = ''] = await stranger.do<string[]>({ do: 'ask', path: agent.socket, frames: [''] });
  }
  t.is(refusal(told), STRANGER);
  t.regex(agent.stderr, /user 4711 is not on the list/);
  const { recorder: outsider } = await recorderOf(t, []);
  t.deepEqual(await outsider.refusal({ do: 'open', ledgerPath: path, signer: agent.socket }), ['ERR_SIGNER_FAILED', null, 'EACCES']);
  t.is(refusal((await ask(agent.socket, [hello]))[0]), undefined, 'root is on the list');
});

testWith(['signer'], 'frames that are none end the connection, and nothing else', async (t) => {
  const agent = await started(t);
  const path = newPath(t);
  const session = await open(t, agent, path);
  for (const [what, frames, expected] of [
    ['a question before the hello', [frame(2, ledger(path))], [MALFORMED]],
    ['a second hello', [hello, hello], [undefined, MALFORMED]],
    ['another version', [frame(1, Buffer.from('SWSIGNER'), u32(2))], [VERSION]],
    ['another magic', [frame(1, Buffer.from('SWSIGNEX'), u32(1))], [MALFORMED]],
    ['a byte too many', [hello, frame(2, ledger(path), Buffer.of(0))], [undefined, MALFORMED]],
    ['a byte too few', [hello, frame(2, ledger(path).subarray(1))], [undefined, MALFORMED]],
    ['a count that is too large', [hello, frame(3, ledger(path), u32(0xffff_ffff))], [undefined, MALFORMED]],
  ] as const) {
    t.deepEqual((await ask(agent.socket, frames)).map(refusal), [...expected], what);
  }
  t.deepEqual(await ask(agent.socket, ['00000000']), [''], 'an empty frame');
  t.deepEqual(await ask(agent.socket, ['ffffffff01']), [''], 'an endless frame');
  await session.record(numbered('a', 0));
  await session.close();
  await whole(t, path);
});

testWith(['signer'], 'an agent whose folder, key or record is not as it should be does not start', async (t) => {
  const cases: Record<string, [(agent: SignerAgent) => void, RegExp]> = {
    'others may enter the folder': [({ folder }) => chmodSync(folder, 0o750), /chmod 700/],
    'there is no key': [({ keyPath }) => rmSync(keyPath), /signing\.key/],
    'others may read the key': [({ keyPath }) => chmodSync(keyPath, 0o640), /signing\.key/],
    'a record is no record': [({ folder }) => writeFileSync(join(folder, 'x.ledger'), 'x'), /x\.ledger is no record/],
    'something is in the way': [({ socket }) => mkdirSync(socket), /cannot listen/],
  };
  for (const [what, [harm, message]] of Object.entries(cases)) {
    const agent = new SignerAgent(t);
    harm(agent);
    await t.throwsAsync(agent.start(), { message }, what);
  }
  const agent = await started(t);
  await t.throwsAsync(agent.run('--socket', `${agent.socket}2`, '--allow-uid', '0'), { message: /another signer uses/ });
  const fresh = new SignerAgent(t, { args: ['--create-key'] });
  rmSync(fresh.keyPath);
  await fresh.start();
  t.is(statSync(fresh.keyPath).size, 32);
});

/** An agent that a test plays: it answers each frame with what it is told. */
async function played(t: ExecutionContext, answer: (kind: number, body: Buffer) => string | undefined): Promise<string> {
  const path = join(newFolder(t), 's');
  const server = createServer(async (socket) => {
    socket.on('error', () => undefined).unref();
    for await (const said of framesOf(socket)) {
      const bytes = Buffer.from(said, 'hex');
      const reply = answer(bytes[0] ?? 0, bytes.subarray(1));
      if (reply === undefined) socket.destroy();
      else socket.write(Buffer.from(reply, 'hex'));
    }
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  server.unref();
  return path;
}

const welcome = frame(129, u32(1), Buffer.from(keypair.publicKeyHex, 'hex'));
const nothing = frame(130, u32(0));

test('an agent that lies is found out, and nothing is written', async (t) => {
  const other = new RecordingSigner(seed);
  const zeros = frame(131, u32(1), Buffer.alloc(64));
  const unwanted = { message: Buffer.alloc(32), canonical: Buffer.alloc(0), hash: '', seq: 0, parentHash: '' };
  for (const [what, reply, code, outcome] of [
    ['a signature of zeros', zeros, 'ERR_SIGNATURE_INVALID', 'not-written'],
    ['a signature of something else', frame(131, u32(1), other.signature(unwanted)), 'ERR_SIGNATURE_INVALID', 'not-written'],
    ['no signature', frame(131, u32(0)), 'ERR_SIGNATURE_INVALID', 'not-written'],
    ['another answer', nothing, 'ERR_SIGNER_FAILED', 'unknown'],
    ['no frame of the protocol', frame(7), 'ERR_SIGNER_FAILED', 'unknown'],
    ['a frame that is too long', 'ffffffff', 'ERR_SIGNER_FAILED', 'unknown'],
    ['the end', undefined, 'ERR_SIGNER_FAILED', 'unknown'],
    ['a refusal', frame(255, Buffer.of(FORK), Buffer.from('no')), 'ERR_SIGNER_REFUSED', 'not-written'],
    ['a refusal in doubt', frame(255, Buffer.of(9), Buffer.from('disk')), 'ERR_SIGNER_FAILED', 'unknown'],
  ] as const) {
    const path = newPath(t);
    const socket = await played(t, (kind) => (kind === 1 ? welcome : kind === 2 ? nothing : reply));
    const session = await Session.open({ signer: socketSigner(socket), ledgerPath: path, sessionId: 's' });
    await rejectsError(t, () => session.record(numbered('x', 0)), { instanceOf: LedgerError, code, outcome }, what);
    t.is(readFileSync(path, 'utf8'), '', what);
    await session.close();
  }
});

test('an agent that is none, or changes its key, is refused', async (t) => {
  const path = newPath(t);
  const opened = (socket: string) => Session.open({ signer: socketSigner(socket), ledgerPath: path, sessionId: 's' });
  const failed = { instanceOf: LedgerError, code: 'ERR_SIGNER_FAILED' } as const;
  for (const reply of [undefined, nothing, 'ffffffff', frame(129, u32(2), Buffer.alloc(32)), frame(129, u32(1), Buffer.alloc(31))]) {
    const socket = await played(t, () => reply);
    await rejectsError(t, () => opened(socket), failed, reply ?? 'the end');
  }
  const weak = await played(t, () => frame(129, u32(1), Buffer.alloc(32)));
  await rejectsError(t, () => opened(weak), { instanceOf: SealwrightTypeError, code: 'ERR_PUBLIC_KEY' });
  await rejectsError(t, () => opened(newPath(t)), { ...failed, osCode: 'ENOENT' });

  const keys = [keypair.publicKeyHex, new RecordingSigner(new Uint8Array(32)).publicKey];
  const changing = await played(t, (kind) =>
    kind === 1 ? frame(129, u32(1), Buffer.from(keys.shift() ?? '', 'hex')) : kind === 2 ? nothing : undefined,
  );
  const session = await opened(changing);
  await rejectsError(t, () => session.record(numbered('x', 0)), { ...failed, outcome: 'unknown' });
  const { message } = await rejectsError(t, () => session.record(numbered('x', 1)), { ...failed, outcome: 'not-written' });
  t.regex(message, /has another key now/);
  await session.close();
});

test('socketSigner takes a path, and nothing else passes for one', async (t) => {
  const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  for (const path of [undefined, null, '', 1, 'a\0', new URL('https://example.com')]) {
    throwsError(t, () => socketSigner(path as string), invalid);
  }
  const signer = socketSigner('/run/signer');
  t.is(signer.path, '/run/signer');
  for (const fake of [{ path: '/run/signer' }, Object.create(signer) as object, { ...signer }]) {
    const options = { signer: fake as typeof signer, ledgerPath: newPath(t), sessionId: 's' };
    await rejectsError(t, () => Session.open(options), invalid);
  }
});
