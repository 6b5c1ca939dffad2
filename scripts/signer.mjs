// The signer agent, for the tests that run it: built by cargo from crates/signer.

import { join } from 'node:path';
import { run, targetFolder } from './run.mjs';

/** Where cargo leaves the program. */
export const signerPath = join(targetFolder, 'debug', 'sealwright-signer');

/** Builds the program, unless it is there and up to date. Whether that worked. */
export async function buildSigner() {
  if (process.platform !== 'linux') return false;
  // Of the workspace and with something that tests depend on, though it is the smallest: all crates below have the features
  // then that `cargo test` gives them, and are compiled once.
  const args = ['build', '--locked', '--quiet', '--workspace', '--bin', 'sealwright-signer', '--example', 'raw_limits'];
  // Another build may be at work in the same folder, which cargo waits for.
  const { code } = await run('cargo', args, { timeout: 600_000 });
  return code === 0;
}
