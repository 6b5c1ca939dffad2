// The folder that the examples of the manual are about:
//
//   ledger.ndjson   20 events of all core kinds and of Custom, Heartbeat and SessionSealed; the first session has no end
//   agent.key       signs it; agent.pub has its public key in hex
//   heads.json      a head store that knows its head
//   ledger.checkpoint  its tree before that head, signed
//   auditor.key     of who verifies
//   checkpoint.txt  and a timestamp of it: request.tsq, response.tsr, token.der, and authority.pem, which vouches for it
//   policy.txt      has the key of a log
//   fork.txt        evidence that this log has signed two histories
//   issuer.pem      the key of an issuer, issuer.jwks its public half, token.jwt a token of it, revoked.jwt its list of revocations

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { type EventInput, events, FileHeadStore, Session, sha256Hex, SigningKeypair } from 'sealwright';
import { makeForkEvidence } from 'sealwright/proofs';
import { createAttestation, IssuerKeyPair, RevocationList } from 'sealwright/tokens';
import { newFolder } from '../../helpers/folders.mts';
import { projectRoot } from '../../helpers/project.mts';
import { History, policyOf } from '../../proofs/helpers/history.mts';

/** How many events the ledger has. */
export const EXAMPLE_EVENTS = 20;

/** A fresh copy of the folder, which goes away with the test. */
export async function exampleFolder(t: ExecutionContext): Promise<string> {
  const folder = newFolder(t);
  files ??= makeFiles();
  for (const [name, bytes] of await files) writeFileSync(join(folder, name), bytes, { mode: 0o600 });
  return folder;
}

let files: Promise<ReadonlyMap<string, Uint8Array>> | undefined;

const LEDGER = ['ledger.ndjson', 'agent.key', 'agent.pub', 'heads.json', 'ledger.checkpoint', 'auditor.key'];
const NAMES = [...LEDGER, 'policy.txt', 'fork.txt', 'issuer.pem', 'issuer.jwks', 'token.jwt', 'revoked.jwt'];
const digest = sha256Hex('an example');

async function makeFiles(): Promise<ReadonlyMap<string, Uint8Array>> {
  const folder = mkdtempSync(join(tmpdir(), 'sealwright-example-'));
  try {
    const keypair = SigningKeypair.generate();
    keypair.save(join(folder, 'agent.key'));
    writeFileSync(join(folder, 'agent.pub'), `${keypair.publicKeyHex}\n`);
    SigningKeypair.generate().save(join(folder, 'auditor.key'));
    const policy = policyOf();
    const [one, other] = [new History('one').checkpoint(5), new History('other').checkpoint(5)];
    writeFileSync(join(folder, 'policy.txt'), policy);
    writeFileSync(join(folder, 'fork.txt'), makeForkEvidence({ one, other, policy }) ?? '');
    await issue(folder);
    await record(keypair, join(folder, 'ledger.ndjson'), join(folder, 'heads.json'));
    const timestamps = join(projectRoot, 'vectors', 'timestamps');
    const kept = readdirSync(timestamps).map((name) => [name, readFileSync(join(timestamps, name))] as const);
    return new Map([...NAMES.map((name) => [name, readFileSync(join(folder, name))] as const), ...kept]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function issue(folder: string): Promise<void> {
  const issuer = IssuerKeyPair.generate({ did: 'did:web:example.com' });
  await issuer.save(join(folder, 'issuer.pem'));
  await RevocationList.create(join(folder, 'revoked.jwt'), issuer);
  writeFileSync(join(folder, 'issuer.jwks'), JSON.stringify(issuer.jwks()));
  const { token } = await createAttestation({ issuer, status: 'VERIFIED', verified: true, engine: 'math', query: '2+2=4', proofData: 'counted' });
  writeFileSync(join(folder, 'token.jwt'), `${token}\n`);
}

async function record(keypair: SigningKeypair, ledgerPath: string, heads: string): Promise<void> {
  const headStore = { store: new FileHeadStore(heads), wait: true };
  const options = { keypair, ledgerPath, headStore, events: 'extended' } as const;
  const first = await Session.open({ ...options, sessionId: 'support-1' });
  await first.recordMany([started('support-1'), ...turn('What does the blue kettle cost?', 'search_prices', 41)]);
  await first.close();
  const second = await Session.open({ ...options, sessionId: 'support-2', heartbeatMs: 1000 });
  await second.recordMany([started('support-2'), ...turn('Please refund order 1017.', 'refund', 1250)]);
  await second.record(events.custom({ name: 'com.example.refund', data: { order: 1017, amount: 19.99, currency: 'EUR' } }));
  const count = () => readFileSync(ledgerPath, 'utf8').split('\n').length - 1;
  for (const before = count(); count() === before; ) await sleep(50);
  await second.record(events.sessionEnded({ reason: 'done', summarySha256: '' }));
  writeFileSync(join(dirname(ledgerPath), 'ledger.checkpoint'), await second.checkpoint({ origin: 'example.com/ledger' }));
  await second.end();
}

function started(sessionId: string): EventInput {
  return events.sessionStarted({ agentId: 'support-agent', modelId: 'llama3.2:3b', sessionId });
}

function turn(transcript: string, toolName: string, latencyMs: number): EventInput[] {
  return [
    events.utteranceCaptured({ audioSha256: digest, transcript, lang: 'en', durationMs: 2400 }),
    events.modelInvoked({ modelId: 'llama3.2:3b', promptSha256: digest, responseSha256: digest, promptTokens: 482, responseTokens: 71 }),
    events.toolCalled({ toolName, argsSha256: digest, argsRedacted: { query: 'hidden' } }),
    events.toolReturned({ toolName, resultSha256: digest, latencyMs, success: true }),
    events.toolCalled({ toolName: 'notify', argsSha256: digest, argsRedacted: {} }),
    events.toolReturned({ toolName: 'notify', resultSha256: digest, latencyMs: 8, success: latencyMs < 1000 }),
    events.utteranceSpoken({ textSha256: digest, text: 'One moment, please.', audioSha256: '' }),
  ];
}
