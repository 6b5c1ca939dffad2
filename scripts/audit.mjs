// npm run audit: what is known of the crates and packages that are built from: licences, sources, duplicates, advisories,
// signatures. It asks servers, so that `npm test` does not call it; the release workflow does. `-- --offline` leaves out what
// asks. Ends with 1 when something was found, and when something could not be checked.
//
// cargo-deny is built by cargo into target/deny the first time, which takes minutes.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inProject, run, runNpm, temporaryFolder } from './run.mjs';
import { installDependencies, reportSetupError, requireRust, step } from './setup.mjs';

/** The version of cargo-deny. */
const version = '0.18.9';
const root = inProject('target', 'deny');
const deny = join(root, 'bin', process.platform === 'win32' ? 'cargo-deny.exe' : 'cargo-deny');

/** A workspace of its own, which the viewer is made with; its licences concern nobody, for none of it is in the package. */
const bindgen = inProject('crates', 'wasm', 'bindgen', 'Cargo.toml');
const crates = inProject('Cargo.toml');

const offline = [
  ['licences, sources and duplicates of the crates', () => cargoDeny(crates, 'bans', 'licenses', 'sources')],
  ['sources of the crates that build the viewer', () => cargoDeny(bindgen, 'sources')],
];
const online = [
  ['advisories of the crates', () => cargoDeny(crates, 'advisories')],
  ['advisories of the crates that build the viewer', () => cargoDeny(bindgen, 'advisories')],
  // All of them: what is bundled into the package is a development dependency for npm.
  ['advisories of the packages', () => runNpm(['audit', '--package-lock-only'])],
  ['signatures of the packages', () => runNpm(['audit', 'signatures'])],
];

try {
  await requireRust();
  await installDependencies();
  if (!(await hasDeny())) await step(`cargo-deny ${version} (the first time takes some minutes)`, installDeny);
  const failed = await check(process.argv.includes('--offline') ? offline : [...offline, ...online]);
  console.log(failed === 0 ? 'audit: nothing was found' : `audit: ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  reportSetupError(error);
  process.exitCode = 1;
}

/** Runs checks one after the other, each with a line of its own. How many found something or could not be made. */
async function check(checks) {
  let failed = 0;
  for (const [title, action] of checks) {
    process.stdout.write(`audit: ${title} ... `);
    const { code, output } = await action();
    console.log(code === 0 ? 'ok' : 'failed');
    if (code === 0) continue;
    failed += 1;
    console.log(`\n${output.trimEnd().replaceAll(/^/gm, '  ')}\n`);
  }
  return failed;
}

/** Of all crates in the lock file beside a manifest, by the rules of deny.toml. */
function cargoDeny(manifest, ...which) {
  const options = ['--locked', '--manifest-path', manifest, '--log-level', 'error'];
  return run(deny, [...options, 'check', '--config', inProject('deny.toml'), ...which]);
}

async function hasDeny() {
  const { code, stdout } = await run(deny, ['--version']);
  return code === 0 && stdout.trim() === `cargo-deny ${version}`;
}

function installDeny() {
  mkdirSync(temporaryFolder, { recursive: true });
  return run('cargo', ['install', '--locked', '--force', '--root', root, '--version', version, 'cargo-deny']);
}
