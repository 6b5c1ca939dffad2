// The signer agent, for the tests that run it: built by cargo from crates/signer.

import { join } from 'node:path';
import { run, targetFolder } from './run.mjs';

/** Where cargo leaves the program. */
export const signerPath = join(targetFolder, 'debug', 'sealwright-signer');

/** Builds the program, unless it is there and up to date. Whether that worked. */
export async function buildSigner() {
  if (process.platform !== 'linux') return false;
  const args = ['build', '--locked', '--quiet', '-p', 'sealwright-signer'];
  // Another build may be at work in the same folder, which cargo waits for.
  const { code } = await run('cargo', args, { timeout: 600_000 });
  return code === 0;
}
