// npm run bench: measures the library, its peer, what one would write by hand, SQLite and the limits of the machine, in
// one run. `-- --quick` takes less than a minute and shows that it works, the full run takes some minutes. `-- --write`
// also writes docs/performance.md, which only a full run on a machine that does nothing else may.
//
// Prints a table and leaves everything measured in bench/results. A target that is missed does not fail the run.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { duration, inProject, projectRoot, temporaryFolder } from '../scripts/run.mjs';
import { findAddons, reportSetupError, SetupError } from '../scripts/setup.mjs';
import { openContenders } from './contenders.mjs';
import { contest } from './contest.mjs';
import { traceDurability } from './durability.mjs';
import { measureGrowth } from './growth.mjs';
import { LongLedger } from './ledger.mjs';
import { describeMachine, HIGHEST_LOAD, loadNow } from './machine.mjs';
import { plans } from './plan.mjs';
import { measureProofs } from './proofs.mjs';
import { measureMemory, measureOpen, measureRequire, sizeOf } from './processes.mjs';
import { loadParts, prepareBench } from './setup.mjs';
import { markdown } from './table.mjs';
import { judge } from './targets.mjs';
import { measureCrosscheck, measureVerification } from './verification.mjs';

const { quick, write } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
}).values;
// Before anything is built, which would be load of our own.
const load = loadNow();

try {
  const why = whyNotToWrite();
  if (write && why !== undefined) throw new SetupError(`docs/performance.md is not written: ${why}`);
  await prepareBench();
  await bench(quick ? plans.quick : plans.full);
} catch (error) {
  reportSetupError(error);
  console.log('bench: failed');
  process.exitCode = 1;
}

function whyNotToWrite() {
  if (quick) return 'a quick run measures too little';
  if (load >= HIGHEST_LOAD) return `the load is ${load.toFixed(2)}, and must be below ${HIGHEST_LOAD}`;
  return undefined;
}

async function bench(plan) {
  const started = Date.now();
  mkdirSync(temporaryFolder, { recursive: true });
  const folder = mkdtempSync(join(temporaryFolder, 'bench-'));
  try {
    const results = await measure(plan, folder);
    const text = markdown(results);
    const file = saveResults(results);
    console.log(`\n${text}`);
    if (write) writeFileSync(inProject('docs', 'performance.md'), text);
    if (load >= HIGHEST_LOAD) console.log(`bench: the load was ${load.toFixed(2)} at the start; draw no conclusions`);
    console.log(`bench: done in ${duration(Date.now() - started)}, results in ${relative(projectRoot, file)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(plan, folder) {
  const parts = loadParts();
  const about = { schemaVersion: 1, date: new Date().toISOString(), load, processors: availableParallelism() };
  const results = { ...about, plan, absent: parts.absent };
  results.machine = await describeMachine(parts, folder);
  const addon = findAddons()[0];
  results.addon = { file: relative(projectRoot, addon), bytes: sizeOf(addon) };
  results.require = await phase('require', () => measureRequire(plan.processes));

  const { contenders, verifyWithPeer, close } = await openContenders(parts, folder);
  try {
    results.contest = await phase('recording and signing', () => contest(contenders, plan));
    await measureLedgers(results, { ...parts, verifyWithPeer }, plan, folder);
  } finally {
    await close();
  }
  results.durability = await phase('syncs, under strace', () => traceDurability(folder));
  results.targets = judge(results);
  return results;
}

/** From the shortest ledger to the longest: it is one file. */
async function measureLedgers(results, { sealwright, verifyWithPeer }, plan, folder) {
  const ledger = new LongLedger(sealwright, folder);
  const grow = (size) => phase('growing the ledger', () => ledger.growTo(size));
  const age = () => phase('its age', async () => results.growth.push(await measureGrowth(sealwright, ledger, plan)));
  results.growth = [];
  // Loaded here because it is found only when the project's dependencies are installed.
  const sodium = (await import('libsodium-wrappers')).default;
  await sodium.ready;
  const crosscheck = await import('../dist/crosscheck/index.js');

  await grow({ events: plan.crosschecked });
  results.crosscheck = await phase('crosscheck', () => measureCrosscheck(crosscheck, sodium, ledger, plan.verifications));
  await age();
  await grow({ events: plan.verified });
  results.verification = await phase('verifying', () =>
    measureVerification(sealwright, ledger, verifyWithPeer, plan.verifications),
  );
  await age();
  await grow({ events: plan.opened });
  results.opening = await phase('opening', () => measureOpen(ledger, plan.processes));
  const proofs = await import('../dist/proofs/index.js');
  results.proofs = await phase('proofs', () => measureProofs(sealwright, proofs, ledger, plan.proofs));
  await age();
  await grow({ bytes: plan.bytes });
  results.memory = await phase('memory', () => measureMemory(ledger, plan.memories));
  await grow({ events: plan.grown });
  await age();
}

async function phase(title, action) {
  process.stdout.write(`bench: ${title} ... `);
  const started = Date.now();
  const result = await action();
  process.stdout.write(`${duration(Date.now() - started)}\n`);
  return result;
}

function saveResults(results) {
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${results.date.replaceAll(/[:.]/g, '-')}-${results.plan.name}.json`);
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
  return file;
}
