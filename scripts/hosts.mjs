// npm run hosts: installs what package/hosts.mjs speaks of, then runs the projects of examples/hosts in it and prints how
// each went. `npm run hosts -- next bun` runs only these; `--install-only` runs none.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolders } from './package/host-projects.mjs';
import { installHosts } from './package/hosts.mjs';
import { temporaryFolder } from './run.mjs';
import { prepare, reportSetupError, SetupError, step } from './setup.mjs';
import { hosts } from './suites/hosts.mjs';

const names = process.argv.slice(2).filter((word) => word !== '--install-only');
try {
  const unknown = names.filter((name) => !projectFolders().includes(name));
  if (unknown.length > 0) throw new SetupError(`examples/hosts has no ${unknown.join(', ')}`);
  await step('hosts', installHosts);
  if (!process.argv.includes('--install-only')) await runProjects();
} catch (error) {
  reportSetupError(error);
  process.exitCode = 1;
}

async function runProjects() {
  await prepare();
  mkdirSync(temporaryFolder, { recursive: true });
  const folder = mkdtempSync(join(temporaryFolder, 'hosts-'));
  try {
    const { passed, failed, table, output } = await hosts({ parts: new Set(['hosts']), folder }, names.length > 0 ? names : undefined);
    console.log(`${table}\n`);
    if (failed > 0) console.log(output);
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
