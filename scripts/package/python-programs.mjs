// Programs from PyPI, each in a Python environment of its own in target/<name>, in the versions and with the digests of
// scripts/package/<name>-requirements.txt.

import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inProject, run } from '../run.mjs';

const requirementsOf = (name) => inProject('scripts', 'package', `${name}-requirements.txt`);
const installedOf = (name) => inProject('target', name, 'installed.txt');

/** The folder that the programs of an environment are in. */
export const programsOf = (name) => inProject('target', name, process.platform === 'win32' ? 'Scripts' : 'bin');

/** Whether an environment is here, in the versions asked for. */
export function hasPrograms(name) {
  return existsSync(installedOf(name)) && readFileSync(installedOf(name)).equals(readFileSync(requirementsOf(name)));
}

/** Installs one unless it is there. The result is that of `run`, with whose options it is called. */
export async function installPrograms(name, options) {
  if (hasPrograms(name)) return { code: 0, output: '' };
  const folder = inProject('target', name);
  rmSync(folder, { recursive: true, force: true });
  const made = await run('python3', ['-m', 'venv', folder], options);
  if (made.code !== 0) return made;
  const pinned = ['--no-deps', '--only-binary', ':all:', '--require-hashes', '--requirement', requirementsOf(name)];
  const pip = join(programsOf(name), 'pip');
  const outcome = await run(pip, ['install', '--quiet', '--disable-pip-version-check', ...pinned], options);
  // Written last, so an interrupted install leaves none.
  if (outcome.code === 0) copyFileSync(requirementsOf(name), installedOf(name));
  return outcome;
}
