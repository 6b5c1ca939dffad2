// The addon that is released: linked by zig against the symbols of an old glibc, so that it also loads where the one that
// built it is not installed. zig lives in target/zig, in a Python environment of its own.

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inProject, run } from '../run.mjs';
import { SetupError, shortPaths } from '../setup.mjs';

/** The oldest glibc that the released addon loads on: that of RHEL 7, Debian 8 and Ubuntu 14.04. */
export const oldestGlibc = '2.17';

/** The most bytes that the released addon may have. */
export const largestAddon = 2_600_000;

const rustTarget = 'x86_64-unknown-linux-gnu';
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
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new SetupError('releases are built on Linux x64');
  rmSync(folder, { recursive: true, force: true });
  const made = await run('python3', ['-m', 'venv', folder]);
  if (made.code !== 0) return made;
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:', '--require-hashes'];
  const outcome = await run(join(programs, 'pip'), ['install', ...options, '--requirement', requirements]);
  // Written last, so an interrupted install leaves none.
  if (outcome.code === 0) copyFileSync(requirements, installed);
  return outcome;
}

/** Builds the addon to release, into `target/release-addon`; resolves with its path. Compiles what has changed only. */
export async function buildReleaseAddon() {
  const cache = join(folder, 'cache');
  const outcome = await run(
    'cargo',
    ['zigbuild', '--locked', '--release', '-p', 'sealwright-node', '--target', `${rustTarget}.${oldestGlibc}`].concat(
      await shortPaths(),
    ),
    {
      env: {
        PATH: `${programs}${delimiter}${process.env.PATH}`,
        CARGO_ZIGBUILD_CACHE_DIR: cache,
        ZIG_GLOBAL_CACHE_DIR: cache,
        ZIG_LOCAL_CACHE_DIR: cache,
      },
    },
  );
  if (outcome.code !== 0) throw new SetupError('cargo zigbuild failed', outcome.output);
  const released = inProject('target', 'release-addon');
  mkdirSync(released, { recursive: true });
  const addon = join(released, 'sealwright.linux-x64-gnu.node');
  copyFileSync(inProject('target', rustTarget, 'release', 'libsealwright_node.so'), addon);
  return addon;
}
