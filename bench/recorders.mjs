// The contenders that run in this process and make events durable: ours in its three ways, what a user would write by
// hand, and SQLite. Each has a file of its own in the same folder, which stays open for the whole run.
//
// A turn `(count) => samples` makes so many events durable and gives the microseconds of each.

import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { appendFileSync, closeSync, fsyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { eventFields, eventText } from './event.mjs';

/** How many records our asynchronous contender keeps in flight, and threads that the peer has for them. */
export const IN_FLIGHT = 64;

/** Ours: `signEvent`, `recordSync`, `record` one at a time, and `record` with 64 in flight. */
export async function openOurs({ events, GENESIS_PARENT_HASH, Session, signEvent, SigningKeypair }, folder) {
  const keypair = SigningKeypair.generate();
  const event = events.modelInvoked(eventFields);
  const open = (name) => Session.open({ keypair, ledgerPath: join(folder, `${name}.ndjson`), sessionId: 'bench' });
  const [blocking, waiting, parallel] = [await open('ours-sync'), await open('ours-one'), await open('ours-64')];

  return {
    sign(count) {
      let parentHash = GENESIS_PARENT_HASH;
      return timed(count, (seq) => {
        const started = performance.now();
        const signed = signEvent({ event, seq, parentHash, keypair });
        const sample = (performance.now() - started) * 1000;
        parentHash = signed.selfHash;
        return sample;
      });
    },
    recordSync: (count) => timed(count, () => elapsed(() => blocking.recordSync(event))),
    async record(count) {
      const samples = [];
      for (let index = 0; index < count; index += 1) {
        const started = performance.now();
        await waiting.record(event);
        samples.push((performance.now() - started) * 1000);
      }
      return samples;
    },
    /** Also gives the seconds of the turn, and the delays of the event loop in it. */
    async recordInFlight(count) {
      const samples = [];
      let left = count;
      const keepOneInFlight = async () => {
        while (left > 0) {
          left -= 1;
          const started = performance.now();
          await parallel.record(event);
          samples.push((performance.now() - started) * 1000);
        }
      };
      const monitor = monitorEventLoopDelay({ resolution: 1 });
      monitor.enable();
      const started = performance.now();
      await Promise.all(Array.from({ length: IN_FLIGHT }, keepOneInFlight));
      const seconds = (performance.now() - started) / 1000;
      monitor.disable();
      return { samples, seconds, delays: delaysOf(monitor) };
    },
    close: () => Promise.all([blocking, waiting, parallel].map((session) => session.close())),
  };
}

/**
 * What the documentation of node:crypto and node:fs leads to: hash, sign, append a line, `fsync`. No check of the end, no
 * lock, no recovery.
 */
export function openByHand(folder) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signer = Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url').toString('hex');
  const file = openSync(join(folder, 'by-hand.ndjson'), 'a', 0o600);
  const event = JSON.parse(eventText);
  let [parent, seq] = ['0'.repeat(64), 0];
  const append = () => {
    const body = { event, parent_hash: parent, seq, timestamp_nanos: Date.now() * 1e6 };
    const digest = createHash('sha256').update(JSON.stringify(body)).digest();
    const signature = sign(null, digest, privateKey).toString('hex');
    const self = digest.toString('hex');
    appendFileSync(file, `${JSON.stringify({ ...body, self_hash: self, signature, signer_pubkey: signer })}\n`);
    fsyncSync(file);
    [parent, seq] = [self, seq + 1];
  };
  return { record: (count) => timed(count, () => elapsed(append)), close: () => closeSync(file) };
}

/**
 * SQLite in WAL mode with synchronous=FULL: one transaction with one INSERT of a line's text, unsigned. Each commit syncs
 * the WAL.
 */
export function openSqlite({ DatabaseSync }, folder) {
  const database = new DatabaseSync(join(folder, 'sqlite.db'));
  database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL');
  database.exec('CREATE TABLE ledger (seq INTEGER PRIMARY KEY, line TEXT NOT NULL)');
  const insert = database.prepare('INSERT INTO ledger (line) VALUES (?)');
  // As long as a line of the ledgers.
  const line = eventText.padEnd(715, 'x');
  return { record: (count) => timed(count, () => elapsed(() => insert.run(line))), close: () => database.close() };
}

const timed = (count, sampleOf) => Array.from({ length: count }, (_, index) => sampleOf(index));

function elapsed(action) {
  const started = performance.now();
  action();
  return (performance.now() - started) * 1000;
}

/**
 * The samples of a monitor, in milliseconds; its own timer's millisecond is part of each. A monitor cannot be added to
 * another, nor paused without taking the pause for a delay; but asked for as many percentiles as it has samples it
 * gives each of them.
 */
function delaysOf(monitor) {
  const { count } = monitor;
  return Array.from({ length: count }, (_, index) => monitor.percentile((100 * (index + 0.5)) / count) / 1e6);
}
