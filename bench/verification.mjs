// What verifying takes: our verifyFile, the peer's verify_file, and crosscheck beside the libsodium that it calls. The
// ledger has just been written, so it is read from memory, by all of them.

import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { takeTurns } from './contest.mjs';

/** Seconds for a whole ledger: `{events, bytes, all, last, peer}`, summaries; `peer` where there is one. */
export async function measureVerification({ verifyFile }, ledger, verifyWithPeer, rounds) {
  const { path, events, bytes, keypair } = ledger;
  const ours = (signatures) => () =>
    seconds(async () => accepted(await verifyFile(path, { signers: keypair.publicKeyHex, signatures }), events));
  const actions = { all: ours('all'), last: ours('last') };
  if (verifyWithPeer !== undefined) actions.peer = () => verifyWithPeer(path);
  return { events, bytes, ...(await takeTurns(actions, rounds)) };
}

/** Seconds for a whole ledger: `{events, crosscheck, libsodium}`; the latter only verifies the signatures. */
export async function measureCrosscheck({ verifyFile }, sodium, ledger, rounds) {
  const { path, events, keypair } = ledger;
  const signed = readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  const bytesOf = (text) => new Uint8Array(Buffer.from(text, 'hex'));
  const signatures = signed.map((event) => [event.signature, event.self_hash, event.signer_pubkey].map(bytesOf));
  const actions = {
    crosscheck: () =>
      seconds(async () => accepted(await verifyFile(path, { signers: keypair.publicKeyHex }), events)),
    libsodium: () =>
      seconds(() => {
        for (const [signature, hash, key] of signatures) {
          if (!sodium.crypto_sign_verify_detached(signature, hash, key)) throw new Error('libsodium: a bad signature');
        }
      }),
  };
  // What is loaded and compiled at the first use is not part of it.
  await takeTurns(actions, 1);
  return { events, ...(await takeTurns(actions, rounds)) };
}

function accepted(report, events) {
  if (!report.ok || report.eventCount !== events) throw new Error(`${report.verdict}: ${report.reason}`);
}

async function seconds(action) {
  const started = performance.now();
  await action();
  return (performance.now() - started) / 1000;
}
