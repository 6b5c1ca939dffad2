// Witnesses as processes of their own: a log that lies is caught, what was cosigned outlives whoever cosigned it, and what
// the command line prints.

import { readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SigningKeypair } from 'sealwright';
import { cosign, verifyForkEvidence, Witness } from 'sealwright/proofs';
import { newFolder } from '../helpers/folders.mts';
import { testWith } from '../helpers/parts.mts';
import { checkedJson } from '../helpers/schemas.mts';
import { History, log, ORIGIN, policyOf, vkey } from '../proofs/helpers/history.mts';
import type { Plan } from './children/witness.mts';
import { Child } from './helpers/child.mts';
import { cliOutput, runCli, RunningCli } from './helpers/cli.mts';
import { keypair } from './helpers/fixture.mts';
import { parseTrace, traceTo } from './helpers/trace.mts';

const [one, other] = [new History('one'), new History('other')];
const TOKEN = 'token-of-24-characters-x';

interface Served {
  readonly running: RunningCli;
  readonly url: string;
  readonly key: string;
  readonly name: string;
  readonly state: string;
}

/** The program, once it listens. */
async function serve(t: ExecutionContext, name: string, more: readonly string[] = []): Promise<Served> {
  const folder = newFolder(t);
  const [file, state] = [join(folder, 'w.key'), join(folder, 'state')];
  SigningKeypair.generate().save(file);
  const running = new RunningCli(t, ['witness', 'serve', '--state', state, '--key', file, '--name', name, '--log', vkey(log), ...more]);
  await running.printed(/listening +http.*\n/);
  const [, key = ''] = /witness +(\S+)/.exec(running.stdout) ?? [];
  const [, url = ''] = /listening +(\S+)/.exec(running.stdout) ?? [];
  return { running, url, key, name, state };
}

test('a log that shows two witnesses two histories is caught, and whoever knows its key can check that', async (t) => {
  const [first, second] = await Promise.all([serve(t, 'w1.example'), serve(t, 'w2.example')]);
  const policy = policyOf([first.key, second.key], [first.url, second.url]);
  const only = ({ key, url }: Served) => policyOf([key], [url]);
  // Each sees a history of its own that only grows, and cosigns it.
  for (const size of [3, 5]) {
    const prove = (history: History) => (oldSize: number) => history.prove(oldSize, size);
    t.true((await cosign(one.checkpoint(size), { policy: only(first), prove: prove(one) })).ok);
    t.true((await cosign(other.checkpoint(size), { policy: only(second), prove: prove(other) })).ok);
  }
  // Who wants both finds out, whichever of the histories he was shown.
  for (const [history, liar, status, size] of [[one, second, 422, 5], [other, first, 409, 9]] as const) {
    const prove = (oldSize: number) => history.prove(oldSize, 9);
    const { ok, failures, forks } = await cosign(history.checkpoint(9), { policy, prove, mode: 'fail-open' });
    t.false(ok);
    t.like(failures, [{ name: liar.name, code: 'fork' }]);
    const evidence = forks[0] ?? '';
    t.deepEqual(verifyForkEvidence(evidence, { policy: policyOf() }).problems, []);
    // The witness has kept it too.
    const kept = readdirSync(liar.state).filter((name) => name.includes('.fork-'));
    t.deepEqual(kept.map((name) => readFileSync(join(liar.state, name), 'utf8')), [evidence]);
    await liar.running.printed(new RegExp(`${status}  fork +${ORIGIN} at 9 events, evidence in `));
    await checkByHand(t, evidence, size);
  }
  for (const { running } of [first, second]) {
    running.interrupt();
    const { code, stderr } = await running.end;
    t.deepEqual([code, stderr], [130, '']);
  }
});

/** As an auditor does, who has the file and the key of the log. */
async function checkByHand(t: ExecutionContext, evidence: string, size: number): Promise<void> {
  const cwd = newFolder(t);
  writeFileSync(join(cwd, 'policy.txt'), policyOf());
  writeFileSync(join(cwd, 'fork.txt'), evidence);
  const words = ['fork', 'check', 'fork.txt', '--policy', 'policy.txt'];
  const text = await cliOutput(t, words, { cwd, code: 1 });
  t.regex(text, new RegExp(`^FORK {2}${ORIGIN} has signed two histories\n`));
  t.true(text.includes(size === 9 ? 'Both have as many events, and not the same ones.' : `The first ${size} events of the larger one are not those of the smaller one.`));
  t.like(checkedJson(t, await cliOutput(t, [...words, '--json'], { cwd, code: 1 }), 'fork'), { ok: true, older: { size }, newer: { size: 9 } });
  const middle = evidence.length >> 1;
  writeFileSync(join(cwd, 'fork.txt'), `${evidence.slice(0, middle)}${evidence[middle] === 'A' ? 'B' : 'A'}${evidence.slice(middle + 1)}`);
  t.not((await runCli(t, words, { cwd })).code, 1);
  writeFileSync(join(cwd, 'fork.txt'), `sealwright/fork-evidence/v1\n\n${one.checkpoint(5)}\n${one.checkpoint(5)}`);
  t.regex(await cliOutput(t, words, { cwd, code: 3 }), /^NOTHING IS PROVEN {2}fork\.txt\n[^]*no_fork/);
  checkedJson(t, await cliOutput(t, [...words, '--json'], { cwd, code: 3 }), 'fork');
  writeFileSync(join(cwd, 'fork.txt'), 'garbage');
  t.regex(await cliOutput(t, words, { cwd, code: 2 }), /\n {2}proof_malformed {2}not evidence of a fork/);
  await cliOutput(t, ['fork', 'check', 'fork.txt'], { cwd, code: 2 });
  await cliOutput(t, ['fork', 'check', 'none.txt', '--policy', 'policy.txt'], { cwd, code: 2 });
}

test('what was cosigned outlives a witness that is killed before it answers', async (t) => {
  const plan: Plan = { state: newFolder(t), logs: [vkey(log)], lastSize: 9 };
  const child = new Child(t, 'witness', { input: plan });
  const { url, key } = await child.next<{ url: string; key: string }>();
  const asked = { policy: policyOf([key], [url]), mode: 'fail-open' } as const;
  t.true((await cosign(one.checkpoint(5), { ...asked, prove: () => [] })).ok);
  const lost = await cosign(one.checkpoint(9), { ...asked, prove: (oldSize) => one.prove(oldSize, 9) });
  t.like(lost, { ok: false, failures: [{ code: 'unreachable' }] });
  t.is((await child.end).signal, 'SIGKILL');

  // Its folder is free, and it knows what nobody heard.
  const witness = new Witness({ state: plan.state, keypair, name: 'w.example', logs: plan.logs });
  t.teardown(() => witness.close());
  t.like(await witness.addCheckpoint(other.request(5, 9)), { status: 409, body: '9\n' });
  t.like(await witness.addCheckpoint(other.request(9, 9)), { status: 409, contentType: 'text/x.sealwright.fork-evidence' });
  t.like(await witness.addCheckpoint(one.request(9, 12)), { status: 200 });
});

testWith(['strace'], 'a cosignature is given away once its checkpoint is on stable storage', async (t) => {
  const folder = realpathSync(newFolder(t));
  const [state, trace] = [join(folder, 'state'), join(folder, 'trace')];
  const plan: Plan = { state, logs: [vkey(log)], lastSize: 7 };
  const child = new Child(t, 'witness', { input: plan, through: traceTo(trace, ['write', 'writev', 'fsync', 'rename']) });
  const { url, key } = await child.next<{ url: string; key: string }>();
  const policy = policyOf([key], [url]);
  for (const size of [5, 6, 7]) {
    const { ok } = await cosign(one.checkpoint(size), { policy, prove: (oldSize) => one.prove(oldSize, size), mode: 'fail-open' });
    t.is(ok, size < 7);
  }
  // It has ended by itself: nothing is missing in the trace.
  await child.end;

  const calls = parseTrace(readFileSync(trace, 'utf8'));
  const answers = calls.filter(({ name, text }) => name.startsWith('write') && text.includes('HTTP/1.1 200'));
  t.is(answers.length, 2);
  let start = 0;
  for (const answer of answers) {
    const before = calls.filter(({ begin, end, result }) => begin >= start && end < answer.begin && result === '0');
    const renamed = before.find(({ name, text }) => name === 'rename' && text.includes(join(state, '.')));
    const file = before.find(({ name, path }) => name === 'fsync' && path.startsWith(join(state, '.')));
    const kept = before.find(({ name, path, begin }) => name === 'fsync' && path === state && begin > (renamed?.end ?? Infinity));
    t.true(file !== undefined && renamed !== undefined && kept !== undefined && file.end < renamed.begin);
    start = answer.end;
  }
});

test('a folder has one witness, in whichever process', async (t) => {
  const { state, running } = await serve(t, 'w.example');
  const words = ['witness', 'serve', '--state', state, '--key', join(state, '..', 'w.key'), '--name', 'w.example', '--log', vkey(log)];
  const { code, stderr } = await runCli(t, words);
  t.is(code, 2);
  t.regex(stderr, /another witness has locked .*lock \(ERR_WITNESS_STATE\)/);
  running.interrupt();
  await running.end;
});

test('a token is wanted where there is one, and words that make no sense are refused', async (t) => {
  const folder = newFolder(t);
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, `${TOKEN}\n`);
  const { url, key, name, running } = await serve(t, 'w.example', ['--token-file', tokenFile]);
  const asked = { policy: policyOf([key], [url]), prove: () => [], mode: 'fail-open' } as const;
  t.like((await cosign(one.checkpoint(5), asked)).failures, [{ code: 'refused', reason: 'it answered with status 401' }]);
  t.true((await cosign(one.checkpoint(5), { ...asked, tokens: { [name]: TOKEN } })).ok);
  await running.printed(`200  cosigned  ${ORIGIN} at 5 events\n`);
  t.false(running.stdout.includes(TOKEN));
  running.terminate();
  t.is((await running.end).code, 0);

  SigningKeypair.generate().save(join(folder, 'w.key'));
  const refused = async (...words: string[]) => (await runCli(t, ['witness', ...words], { cwd: folder })).code;
  t.is(await refused('serve'), 2);
  t.is(await refused('serve', '--state', 's', '--key', 'w.key', '--name', 'w.example'), 2);
  t.is(await refused('serve', '--state', 's', '--key', 'none.key', '--name', 'w.example', '--log', vkey(log)), 2);
  t.is(await refused('serve', '--state', 's', '--key', 'w.key', '--name', 'w.example', '--log', 'x'), 2);
  t.is(await refused('serve', '--state', 's', '--key', 'w.key', '--name', 'a b', '--log', vkey(log)), 2);
  t.is(await refused('key', '--key', 'w.key'), 2);
  t.regex(await cliOutput(t, ['witness', 'key', '--key', 'w.key', '--name', 'w.example'], { cwd: folder }), /^w\.example\+[0-9a-f]{8}\+B\S{43}\n$/);
});
