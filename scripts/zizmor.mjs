// zizmor, which looks for ways into the workflows of .github.

import { join } from 'node:path';
import { installPrograms, programsOf } from './package/python-programs.mjs';

/** Milliseconds for each program that is run: a package index that does not answer must not hold the tests up. */
const timeout = 60_000;

/** Where it is. */
export const zizmorPath = join(programsOf('zizmor'), 'zizmor');

/** Installs it in the version asked for, unless it is there. Whether it is there then. */
export async function installZizmor() {
  const { code } = await installPrograms('zizmor', { timeout });
  return code === 0;
}
