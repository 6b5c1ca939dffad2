// npm test: builds what is missing, then runs every suite and counts. `npm test -- ava readme` runs only the named ones.
//
// The last line is always `N passed, N failed, N skipped`; the exit code is 1 when anything failed. A test is skipped when
// a part it needs is absent (scripts/parts.mjs); SEALWRIGHT_REQUIRE=strace,python makes such an absence a failure.

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { detectParts, partNames } from './parts.mjs';
import { duration, temporaryFolder } from './run.mjs';
import { prepare, reportSetupError, requireRust } from './setup.mjs';
import { api } from './suites/api.mjs';
import { install } from './suites/install.mjs';
import { packageSuite } from './suites/package.mjs';
import { readme } from './suites/readme.mjs';
import { failedOnce, sum } from './suites/result.mjs';
import { cargoTests, clippy, rustfmt } from './suites/rust.mjs';
import { ava, nativeTypes, oxlint, types } from './suites/typescript.mjs';
import { vectors } from './suites/vectors.mjs';

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
  install,
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
  const parts = new Set(detectParts());
  const required = (process.env.SEALWRIGHT_REQUIRE ?? '').split(/[\s,]+/).filter((name) => name !== '');
  for (const name of required) {
    if (parts.has(name)) continue;
    const what = partNames.includes(name) ? 'is required and absent' : `is no part; the parts are ${partNames.join(', ')}`;
    process.stdout.write('required part ... ');
    report(failedOnce(`SEALWRIGHT_REQUIRE: ${name} ${what}`));
  }
  try {
    await requireRust();
    await prepare();
  } catch (error) {
    reportSetupError(error);
    results.push(failedOnce(error.message));
    return;
  }
  const folder = mkdtempSync(join(temporaryFolder, 'test-'));
  for (const [name, suite] of Object.entries(suites)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const started = Date.now();
    process.stdout.write(`${name} ... `);
    // A suite that cannot even begin, because a file it reads is missing, is one failure.
    const result = await suite({ parts, folder }).catch((error) => failedOnce(error.stack));
    report(result, ` (${duration(Date.now() - started)})`);
  }
  rmSync(folder, { recursive: true, force: true });
}

function report(result, time = '') {
  results.push(result);
  console.log(`${result.passed} passed, ${result.failed} failed, ${result.skipped.length} skipped${time}`);
  if (result.table) console.log(`\n${result.table.trimEnd().replaceAll(/^/gm, '  ')}\n`);
  if (result.failed > 0) console.log(`\n${result.output.trimEnd().replaceAll(/^/gm, '  ')}\n`);
}
