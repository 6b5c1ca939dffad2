// The program that durability.mjs runs under strace: `node traced.mjs FOLDER` lets every contender that makes events
// durable have two turns, and prints which file got how many events, and how many groups our writer said it synced.

import { subscribe } from 'node:diagnostics_channel';
import { basename } from 'node:path';
import { openContenders } from './contenders.mjs';
import { loadParts } from './setup.mjs';

const EVENTS = { syncs: 10, inFlight: 640, threaded: 192 };

const groups = new Map();
subscribe('sealwright:record', ({ ledgerPath, group }) => {
  const file = basename(ledgerPath);
  if (group !== null) groups.set(file, (groups.get(file) ?? 0) + 1);
});

const { contenders, close } = await openContenders(loadParts(), process.argv[2]);
const turns = [];
for (const { name, work, file, grouped, turn } of contenders) {
  if (file === undefined) continue;
  const count = EVENTS[work];
  for (let round = 0; round < 2; round += 1) await turn(count);
  turns.push({ name, file, events: 2 * count, grouped });
}
await close();
const groupsOf = ({ grouped, file }) => (grouped ? (groups.get(file) ?? 0) : null);
console.log(JSON.stringify(turns.map((turn) => ({ ...turn, groups: groupsOf(turn) }))));
