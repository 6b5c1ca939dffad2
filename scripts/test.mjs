// npm test: builds what is missing, then runs every suite and counts. `npm test -- ava readme` runs only the named ones.
//
// The last line is always `N passed, N failed, N skipped`; the exit code is 1 when anything failed. A test is skipped when
// a part it needs is absent (scripts/parts.mjs); SEALWRIGHT_REQUIRE=strace,python makes such an absence a failure. Suites
// run beside each other where none of them notices; their lines are in the order below all the same.

import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { detectParts, makeParts, partNames } from './parts.mjs';
import { duration, targetFolder, temporaryFolder } from './run.mjs';
import { beginAddon, beginInstallation, installDependencies, reportSetupError, requireRust, requireTools, updateAddon } from './setup.mjs';
import { api } from './suites/api.mjs';
import { hosts } from './suites/hosts.mjs';
import { install } from './suites/install.mjs';
import { packageSuite } from './suites/package.mjs';
import { readme } from './suites/readme.mjs';
import { failedOnce, sum } from './suites/result.mjs';
import { cargoTests, clippy, rustfmt } from './suites/rust.mjs';
import { ava, nativeTypes, oxlint, types } from './suites/typescript.mjs';
import { vectors } from './suites/vectors.mjs';
import { workflows } from './suites/workflows.mjs';

const suites = {
  rustfmt,
  clippy,
  cargo: cargoTests,
  types,
  oxlint,
  'index.d.ts': nativeTypes,
  vectors,
  ava,
  readme,
  api,
  package: packageSuite,
  workflows,
  install,
  hosts,
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !Object.hasOwn(suites, name));
const results = [];
if (unknown.length > 0) {
  results.push(failedOnce(`there is no suite ${unknown.join(', ')}; the suites are ${Object.keys(suites).join(', ')}`));
  console.log(results[0].output);
} else {
  await runAll();
}
const { passed, failed, skipped } = sum(results);
for (const { name, why } of skipped) console.log(`skipped: ${name} (${why})`);
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exitCode = failed > 0 ? 1 : 0;

async function runAll() {
  mkdirSync(temporaryFolder, { recursive: true });
  const required = (process.env.SEALWRIGHT_REQUIRE ?? '').split(/[\s,]+/).filter((name) => name !== '');
  const folder = mkdtempSync(join(temporaryFolder, 'test-'));
  const context = { parts: new Set(detectParts()), required, chosen, folder };
  // Nothing is there yet that a build could go on from, and to keep what the next one could costs a sixth.
  if (!existsSync(join(targetFolder, 'debug'))) process.env.CARGO_INCREMENTAL ??= '0';
  const running = new Map();
  /** Runs suites one after the other, the first one when `before` has ended. Resolves when the last one has. */
  const lane = (names, before) =>
    names.filter(isChosen).reduce((previous, name) => {
      running.set(name, previous.then(() => runSuite(suites[name], context)));
      return running.get(name);
    }, before);
  try {
    await requireTools();
    await requireRust();
    // What does not need each other goes on at the same time: much of it leaves a processor idle, as the compiler of one
    // large crate does, or waits for the network.
    const crates = lane(['rustfmt', 'clippy', 'cargo', 'vectors'], Promise.resolve());
    const installation = beginInstallation();
    const addon = beginAddon(installation);
    await findParts(context);
    await installDependencies(installation);
    const sources = lane(['types', 'oxlint'], Promise.resolve());
    await updateAddon(addon);
    const seam = lane(['index.d.ts'], Promise.resolve());
    // Beside nothing else: ava's tests measure, and those of the installation notice who does not end in time.
    const tests = lane(['ava'], Promise.all([crates, sources, seam]));
    const others = [lane(['readme', 'api'], tests), lane(['package', 'workflows'], tests)];
    lane(['install', 'hosts'], Promise.all(others));
  } catch (error) {
    reportSetupError(error);
    results.push(failedOnce(error.message));
  }
  for (const name of Object.keys(suites).filter((key) => running.has(key))) {
    process.stdout.write(`${name} ... `);
    const { result, time } = await running.get(name);
    report(result, ` (${duration(time)})`);
  }
  rmSync(context.folder, { recursive: true, force: true });
}

function isChosen(name) {
  return chosen.length === 0 || chosen.includes(name);
}

/** Adds the parts that are made to those that are there, and counts those that are required and absent. */
async function findParts({ parts, required }) {
  for (const name of await makeParts()) parts.add(name);
  for (const name of required) {
    if (parts.has(name)) continue;
    const what = partNames.includes(name) ? 'is required and absent' : `is no part; the parts are ${partNames.join(', ')}`;
    process.stdout.write('required part ... ');
    report(failedOnce(`SEALWRIGHT_REQUIRE: ${name} ${what}`));
  }
}

/** What a suite reports and the milliseconds that it took. One that cannot even begin, for want of a file, is one failure. */
async function runSuite(suite, context) {
  const started = Date.now();
  const result = await suite(context).catch((error) => failedOnce(error.stack));
  return { result, time: Date.now() - started };
}

function report(result, time = '') {
  results.push(result);
  console.log(`${result.passed} passed, ${result.failed} failed, ${result.skipped.length} skipped${time}`);
  if (result.table) console.log(`\n${result.table.trimEnd().replaceAll(/^/gm, '  ')}\n`);
  if (result.failed > 0) console.log(`\n${result.output.trimEnd().replaceAll(/^/gm, '  ')}\n`);
}
