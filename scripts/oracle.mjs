// The oracle in Go, for the tests that compare with it: built by go from __test__/oracles/go into target/oracle.

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { inProject } from './run.mjs';

/** Where go leaves the program. */
export const oraclePath = inProject('target', 'oracle', process.platform === 'win32' ? 'oracle.exe' : 'oracle');

/** Builds the program, unless it is there and up to date, of the modules that its go.sum names. Whether that worked. */
export function buildOracle() {
  mkdirSync(inProject('target', 'oracle'), { recursive: true });
  const options = { cwd: inProject('__test__', 'oracles', 'go'), stdio: 'ignore', timeout: 120_000 };
  // The compiler that is there, or none: no other one is fetched for it.
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' };
  return spawnSync('go', ['build', '-o', oraclePath, '.'], { ...options, env }).status === 0;
}
