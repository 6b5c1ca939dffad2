// zizmor, which looks for ways into the workflows of .github, in a Python environment of its own in target/zizmor.

import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inProject, run } from './run.mjs';

const folder = inProject('target', 'zizmor');
const programs = join(folder, process.platform === 'win32' ? 'Scripts' : 'bin');
const requirements = inProject('scripts', 'package', 'zizmor-requirements.txt');
const installed = join(folder, 'installed.txt');
/** Milliseconds for each program that is run: a package index that does not answer must not hold the tests up. */
const timeout = 60_000;

/** Where it is. */
export const zizmorPath = join(programs, 'zizmor');

/** Installs it in the version asked for, unless it is there. Whether it is there then. */
export async function installZizmor() {
  if (existsSync(installed) && readFileSync(installed).equals(readFileSync(requirements))) return true;
  rmSync(folder, { recursive: true, force: true });
  const made = await run('python3', ['-m', 'venv', folder], { timeout });
  if (made.code !== 0) return false;
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:', '--require-hashes'];
  const outcome = await run(join(programs, 'pip'), ['install', ...options, '--requirement', requirements], { timeout });
  if (outcome.code !== 0) return false;
  // Written last, so an interrupted install leaves none.
  copyFileSync(requirements, installed);
  return true;
}
