// zig, which links the addon against the symbols of an old glibc, so that it also loads where the one of the machine that
// builds it is not installed. It lives in target/zig, in a Python environment of its own. Where it is, every build of the
// addon is linked by it: the tests then run the addon that is released.

import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inProject, run } from '../run.mjs';

/** The oldest glibc that the released addon loads on: that of RHEL 7, Debian 8 and Ubuntu 14.04. */
export const oldestGlibc = '2.17';

const folder = inProject('target', 'zig');
const programs = join(folder, 'bin');
const requirements = inProject('scripts', 'package', 'zig-requirements.txt');
const installed = join(folder, 'installed.txt');

/** Whether zig is here, in the versions asked for. */
export function hasZig() {
  return existsSync(installed) && readFileSync(installed).equals(readFileSync(requirements));
}

/** Installs zig into target/zig unless it is there. For `step`. */
export async function installZig() {
  if (hasZig()) return { code: 0, output: '' };
  if (process.platform !== 'linux' || process.arch !== 'x64') return { code: 1, output: 'releases are built on Linux x64' };
  rmSync(folder, { recursive: true, force: true });
  const made = await run('python3', ['-m', 'venv', folder]);
  if (made.code !== 0) return made;
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:', '--require-hashes'];
  const outcome = await run(join(programs, 'pip'), ['install', ...options, '--requirement', requirements]);
  // Written last, so an interrupted install leaves none.
  if (outcome.code === 0) copyFileSync(requirements, installed);
  return outcome;
}

/** With what `napi build` lets zig link: arguments, and the environment that they need. */
export function linkedByZig() {
  return { args: ['--cross-compile', '--target', `x86_64-unknown-linux-gnu.${oldestGlibc}`], env: zigEnvironment() };
}

/** The environment that finds zig, and lets it keep what it compiles beside itself. */
export function zigEnvironment() {
  const cache = join(folder, 'cache');
  return {
    PATH: `${programs}${delimiter}${process.env.PATH}`,
    CARGO_ZIGBUILD_CACHE_DIR: cache,
    ZIG_GLOBAL_CACHE_DIR: cache,
    ZIG_LOCAL_CACHE_DIR: cache,
  };
}
