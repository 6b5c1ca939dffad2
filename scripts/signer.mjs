// The signer agent, for the tests that run it: built by cargo from crates/signer.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { inProject, projectRoot } from './run.mjs';

/** Where cargo leaves the program. */
export const signerPath = join(process.env.CARGO_TARGET_DIR ?? inProject('target'), 'debug', 'sealwright-signer');

/** Builds the program, unless it is there and up to date. Whether that worked. */
export function buildSigner() {
  if (process.platform !== 'linux') return false;
  const args = ['build', '--locked', '--quiet', '-p', 'sealwright-signer'];
  return spawnSync('cargo', args, { cwd: projectRoot, stdio: 'ignore', timeout: 300_000 }).status === 0;
}
