// Parts: what some tests need and a machine may not have. A test whose part is absent is skipped by name, or fails when
// SEALWRIGHT_REQUIRE lists the part.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { devNull } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasHosts } from './package/hosts.mjs';
import { hasZig } from './package/zig.mjs';
import { actionlintPath, buildActionlint, buildOracle, buildTessera, oraclePath, tesseraPath } from './oracle.mjs';
import { peerPython } from './peer.mjs';
import { buildSigner, signerPath } from './signer.mjs';
import { buildWasm } from './wasm.mjs';
import { installZizmor, zizmorPath } from './zizmor.mjs';

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** One entry a part: whether it is there. */
const detectors = {
  clippy: () => succeeds('cargo', ['clippy', '--version']),
  rustfmt: () => succeeds('cargo', ['fmt', '--version']),
  python: () => succeeds('python3', ['-c', '']),
  cryptography: () => succeeds('python3', ['-c', 'import cryptography.hazmat.primitives.asymmetric.ed25519']),
  gzip: () => succeeds('gzip', ['--version']),
  zstd: () => succeeds('zstd', ['--version']),
  openssl: () => succeeds('openssl', ['version']),
  // A container may have the program and refuse to let it trace.
  strace: () => succeeds('strace', ['-f', '-o', devNull, 'true']),
  // Root passes every permission check, so tests of permissions start as root and continue as nobody, who must be able
  // to enter the folder of the project.
  unprivileged: () => process.getuid?.() === 0 && succeeds('test', ['-x', projectRoot], { uid: 65534, gid: 65534 }),
  mount: () => unshareArguments() !== undefined,
  loop: hasLoopDevices,
  // The linker of the addon that is released. Large, so that only `npm run build:release` and scripts/ci-setup install it.
  zig: () => hasZig(),
  // Large too: only `npm run hosts` and scripts/ci-setup install them.
  hosts: () => hasHosts(),
  groff: () => succeeds('groff', ['--version']),
  bash: () => succeeds('bash', ['--version']),
  zsh: () => succeeds('zsh', ['--version']),
  fish: () => succeeds('fish', ['--version']),
  chromium: () => chromiumPath() !== undefined,
  // Not of the machine: the time for files of hundreds of megabytes, which whoever has it says.
  large: () => process.env.SEALWRIGHT_LARGE === '1',
  // An optional folder beside the checkout with data of other systems.
  shared: () => existsSync(join(projectRoot, '..', 'shared', 'vectors')),
};

/** The same of those that are made the first time; they are made at the same time. */
const makers = {
  // By cargo. Linux only.
  signer: () => buildSigner(),
  // By cargo too, for Rust's target wasm32-unknown-unknown.
  wasm: () => buildWasm(),
  // By go, which fetches the modules of __test__/oracles/go.
  go: () => buildOracle(),
  // The same of __test__/oracles/tessera, for a newer go.
  tessera: () => buildTessera(),
  // The same of __test__/oracles/actionlint, for a still newer go.
  actionlint: () => buildActionlint(),
  // By pip, which fetches it.
  zizmor: () => installZizmor(),
  // Needs Python 3.11 and a package index that answers. Last, because nothing else begins until it is there.
  peer: async () => peerPython() !== undefined,
};

/** Every part there is. */
export const partNames = [...Object.keys(detectors), ...Object.keys(makers)];

/** The parts that this machine has, without those that are made. Takes a few hundred milliseconds. */
export function detectParts() {
  return Object.keys(detectors).filter((name) => detectors[name]());
}

/** The parts that could be made, or were before. Takes minutes the first time. */
export async function makeParts() {
  const names = Object.keys(makers);
  const made = await Promise.all(names.map((name) => makers[name]()));
  return names.filter((_, index) => made[index]);
}

export { actionlintPath, oraclePath, peerPython, signerPath, tesseraPath, zizmorPath };

/**
 * The arguments that make `unshare` give a program its own mounts: `['-m']` as root, `['-rm']` where a user may,
 * undefined where neither works.
 */
export function unshareArguments() {
  return [['-m'], ['-rm']].find((args) => succeeds('unshare', [...args, 'true']));
}

/** Names that Linux and macOS give the browser. The first is the same without what a window needs: a third of the work. */
const browsers = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** Where the browser is, the one that SEALWRIGHT_CHROMIUM names if that is set; undefined where there is none. */
export function chromiumPath() {
  const { SEALWRIGHT_CHROMIUM: named } = process.env;
  return (named ? [named] : browsers).find((path) => existsSync(path));
}

/** Whether an image can be mounted as a disk with ext4, which takes root and a loop device. */
function hasLoopDevices() {
  if (process.getuid?.() !== 0) return false;
  mkdirSync(join(projectRoot, 'tmp'), { recursive: true });
  // Threads of one process look at the same time.
  const folder = mkdtempSync(join(projectRoot, 'tmp', 'loop-'));
  mkdirSync(join(folder, 'disk'));
  const script = 'truncate -s 4M "$0/img" && mkfs.ext4 -q -F "$0/img" && mount -o loop "$0/img" "$0/disk" && umount "$0/disk"';
  try {
    return succeeds('unshare', ['-m', 'sh', '-c', script, folder]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function succeeds(command, args, options = {}) {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 30_000, ...options }).status === 0;
}
