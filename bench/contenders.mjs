// Everything that takes turns: a name, what a turn consists of, and the file that it makes durable, if any.

import { join } from 'node:path';
import { eventText } from './event.mjs';
import { IN_FLIGHT, openByHand, openOurs, openSqlite } from './recorders.mjs';
import { Talker } from './talk.mjs';

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {'signatures' | 'syncs' | 'inFlight' | 'threaded'} work which number of the plan a turn has
 * @property {string} [file] name of the file whose events are durable when the turn ends
 * @property {true} [grouped] our writer tells of each group in it that was synced
 * @property {(count: number) => unknown} turn gives samples, or `{samples, seconds, delays}`
 */

/**
 * Opens all that this machine has, with their files in an empty folder. `verifyWithPeer` is there where the peer is. The
 * files stay when it is closed.
 *
 * @returns {Promise<{contenders: Contender[], verifyWithPeer?: (path: string) => Promise<number>, close: () => Promise<void>}>}
 */
export async function openContenders({ sealwright, rawLimits, python, sqlite }, folder) {
  const ours = await openOurs(sealwright, folder);
  const byHand = openByHand(folder);
  const raw = new Talker(rawLimits, []);
  const askRaw = (command) => raw.ask(command).then(({ samples }) => samples);
  const contenders = [
    { name: 'raw signature', work: 'signatures', turn: (count) => askRaw(`sign ${count}`) },
    { name: 'raw verification', work: 'signatures', turn: (count) => askRaw(`verify ${count}`) },
    { name: 'raw SHA-256', work: 'signatures', turn: (count) => askRaw(`sha256 ${count}`) },
    {
      name: 'raw fdatasync',
      work: 'syncs',
      file: 'raw.txt',
      turn: (count) => askRaw(`sync ${count} ${join(folder, 'raw.txt')}`),
    },
    { name: 'signEvent', work: 'signatures', turn: ours.sign },
    { name: 'recordSync', work: 'syncs', file: 'ours-sync.ndjson', grouped: true, turn: ours.recordSync },
    { name: 'record, 1 in flight', work: 'syncs', file: 'ours-one.ndjson', grouped: true, turn: ours.record },
    {
      name: 'record, 64 in flight',
      work: 'inFlight',
      file: 'ours-64.ndjson',
      grouped: true,
      turn: ours.recordInFlight,
    },
    { name: 'by hand', work: 'syncs', file: 'by-hand.ndjson', turn: byHand.record },
  ];
  const closing = [() => ours.close(), () => byHand.close(), () => raw.close()];

  if (sqlite !== undefined) {
    const database = openSqlite(sqlite, folder);
    contenders.push({ name: 'SQLite', work: 'syncs', file: 'sqlite.db-wal', turn: database.record });
    closing.push(() => database.close());
  }

  let verifyWithPeer;
  if (python !== undefined) {
    const peer = new Talker(python, [join(import.meta.dirname, 'peer.py'), join(folder, 'peer.key'), eventText]);
    const askPeer = (command) => peer.ask(JSON.stringify(command));
    const record = (file, threads) => (count) => askPeer({ do: 'record', path: join(folder, file), count, threads });
    contenders.push(
      { name: 'peer sign_event', work: 'signatures', turn: (count) => askPeer({ do: 'sign', count }) },
      { name: 'peer record, 1 thread', work: 'syncs', file: 'peer-1.ndjson', turn: record('peer-1.ndjson', 1) },
      {
        name: 'peer record, 64 threads',
        work: 'threaded',
        file: 'peer-64.ndjson',
        turn: record('peer-64.ndjson', IN_FLIGHT),
      },
    );
    verifyWithPeer = async (path) => {
      const { seconds, ok } = await askPeer({ do: 'verify', path });
      if (!ok) throw new Error(`the peer does not accept ${path}`);
      return seconds;
    };
    closing.push(() => peer.close());
  }

  const close = async () => void (await Promise.all(closing.map((closeOne) => closeOne())));
  return { contenders, verifyWithPeer, close };
}
