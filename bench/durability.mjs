// Proof that what was measured is durable: a short run of all contenders under strace, which counts how often each one's
// file was synced. Not timed, since tracing slows every call down.

import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from '../scripts/run.mjs';

/**
 * By contender: `{name, file, events, groups, syncs}`, groups being what our writer says it synced, null for the others.
 * Undefined where there is no strace that may trace. Throws when a file of ours was synced less often than it says.
 */
export async function traceDurability(folder) {
  const traced = join(folder, 'traced');
  const trace = join(folder, 'strace.txt');
  mkdirSync(traced);
  const probe = await run('strace', ['-f', '-o', trace, 'true']);
  if (probe.code !== 0) return undefined;
  const options = ['-f', '-y', '-qq', '--seccomp-bpf', '-s', '0', '-o', trace, '-e', 'trace=fsync,fdatasync'];
  const program = [process.execPath, join(import.meta.dirname, 'traced.mjs'), traced];
  const { code, stdout, output } = await run('strace', [...options, ...program]);
  if (code !== 0) throw new Error(`traced.mjs: ${output}`);
  const syncs = countSyncs(readFileSync(trace, 'utf8'));
  const result = JSON.parse(stdout).map((turn) => ({ ...turn, syncs: syncs.get(turn.file) ?? 0 }));
  // Groups of no number would be proof of nothing.
  const wrong = result.find(({ groups, syncs: seen }) => groups !== null && (groups === 0 || seen < groups));
  if (wrong) throw new Error(`${wrong.file}: ${wrong.syncs} syncs were seen, of ${wrong.groups} groups`);
  return result;
}

/** Syncs by the name of the file, those that failed left out. A call that another thread's came in between has two lines; the first one counts. */
function countSyncs(text) {
  const counts = new Map();
  for (const [line, path] of text.matchAll(/^\d+ +f(?:data)?sync\(\d+<([^>]*)>.*$/gm)) {
    if (line.includes('= -1')) continue;
    const file = basename(path);
    counts.set(file, (counts.get(file) ?? 0) + 1);
  }
  return counts;
}
