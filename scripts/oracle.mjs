// Oracles in Go, for the tests that compare with them: each built by go from its folder in __test__/oracles into
// target/oracle.

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { inProject } from './run.mjs';

const inTarget = (name) => inProject('target', 'oracle', process.platform === 'win32' ? `${name}.exe` : name);

/** Where go leaves the program that makes notes, trees and proofs. */
export const oraclePath = inTarget('oracle');

/** Where it leaves the one that checks logs as Tessera does. */
export const tesseraPath = inTarget('tessera');

/** Builds the former. Whether that worked. */
export function buildOracle() {
  oracleIsThere ??= build('go', oraclePath, 120_000);
  return oracleIsThere;
}

let oracleIsThere;

/** Builds the latter, which takes 40 seconds of a processor the first time. Not where the former could not be built. */
export function buildTessera() {
  return buildOracle() && build('tessera', tesseraPath, 180_000);
}

/** Builds a program, unless it is there and up to date, of the modules that its go.sum names. */
function build(folder, path, timeout) {
  mkdirSync(inProject('target', 'oracle'), { recursive: true });
  const options = { cwd: inProject('__test__', 'oracles', folder), stdio: 'ignore', timeout };
  // The compiler that is there, or none: no other one is fetched for it.
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' };
  return spawnSync('go', ['build', '-o', path, '.'], { ...options, env }).status === 0;
}
