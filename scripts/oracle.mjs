// Programs in Go, for the tests that compare with them or ask them: each built by go from its folder in __test__/oracles into
// target/oracle.

import { mkdirSync } from 'node:fs';
import { inProject, run } from './run.mjs';

const inTarget = (name) => inProject('target', 'oracle', process.platform === 'win32' ? `${name}.exe` : name);

/** Where go leaves the program that makes notes, trees and proofs. */
export const oraclePath = inTarget('oracle');

/** Where it leaves the one that checks logs as Tessera does. */
export const tesseraPath = inTarget('tessera');

/** Builds the former. Whether that worked. */
export function buildOracle() {
  oracleIsThere ??= build('go', oraclePath);
  return oracleIsThere;
}

let oracleIsThere;

/** Builds the latter, which takes 40 seconds of a processor the first time. Not where the former could not be built. */
export async function buildTessera() {
  return (await buildOracle()) && build('tessera', tesseraPath);
}

/** Where it leaves the one that lints the workflows. */
export const actionlintPath = inTarget('actionlint');

/** Builds that, which takes 10 seconds of a processor the first time. Not where the first could not be built. */
export async function buildActionlint() {
  return (await buildOracle()) && build('actionlint', actionlintPath);
}

/** Builds a program, unless it is there and up to date, of the modules that its go.sum names. */
async function build(folder, path) {
  mkdirSync(inProject('target', 'oracle'), { recursive: true });
  // The compiler that is there, or none: no other one is fetched for it.
  const env = { GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' };
  const { code } = await run('go', ['build', '-o', path, '.'], { cwd: inProject('__test__', 'oracles', folder), env, timeout: 300_000 });
  return code === 0;
}
