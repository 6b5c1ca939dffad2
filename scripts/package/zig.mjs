// zig, which links the addon against the symbols of an old glibc, so that it also loads where the one of the machine that
// builds it is not installed. It lives in target/zig, in a Python environment of its own. Where it is, every build of the
// addon is linked by it: the tests then run the addon that is released.

import { delimiter } from 'node:path';
import { inProject } from '../run.mjs';
import { hasPrograms, installPrograms, programsOf } from './python-programs.mjs';

/** The oldest glibc that the released addon loads on: that of RHEL 7, Debian 8 and Ubuntu 14.04. */
export const oldestGlibc = '2.17';

/** Whether zig is here, in the versions asked for. */
export const hasZig = () => hasPrograms('zig');

/** Installs zig into target/zig unless it is there. For `step`. */
export async function installZig() {
  const isForHere = process.platform === 'linux' && process.arch === 'x64';
  return isForHere ? installPrograms('zig') : { code: 1, output: 'releases are built on Linux x64' };
}

/** With what `napi build` lets zig link: arguments, and the environment that they need. */
export function linkedByZig() {
  return { args: ['--cross-compile', '--target', `x86_64-unknown-linux-gnu.${oldestGlibc}`], env: zigEnvironment() };
}

/** The environment that finds zig, and lets it keep what it compiles beside itself. */
export function zigEnvironment() {
  const cache = inProject('target', 'zig', 'cache');
  return {
    PATH: `${programsOf('zig')}${delimiter}${process.env.PATH}`,
    CARGO_ZIGBUILD_CACHE_DIR: cache,
    ZIG_GLOBAL_CACHE_DIR: cache,
    ZIG_LOCAL_CACHE_DIR: cache,
  };
}
