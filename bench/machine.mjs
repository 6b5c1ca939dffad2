// What a figure depends on: hardware, file system, kernel, and the versions of everything that was compared.

import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { inProject, run } from '../scripts/run.mjs';

/** The load above which a run is not to be published: other work makes every figure worse, and not evenly. */
export const HIGHEST_LOAD = 0.5;

/** Mean number of running processes over the last minute, before this run added to it. */
export const loadNow = () => loadavg()[0];

/** Names and values, in the order in which they are shown. */
export async function describeMachine({ python, sqlite }, folder) {
  const first = async (command, args) => {
    const { code, stdout } = await run(command, args);
    return code === 0 ? stdout.trim().split('\n', 1)[0] : undefined;
  };
  const processors = cpus();
  const commit = await first('git', ['describe', '--always', '--dirty', '--exclude', '*']);
  const peer = 'import provedex, sys; print(provedex.__version__, "in Python", sys.version.split()[0])';
  return {
    Sealwright: `${readJson('package.json').version}${commit === undefined ? '' : `, commit ${commit}`}`,
    Processor: `${processors[0]?.model.trim() ?? 'unknown'}, ${processors.length} logical`,
    Memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    'File system': (await fileSystem(folder, first)) ?? 'unknown',
    Kernel: `${platform()} ${release()} ${arch()}`,
    'Node.js': `${process.version}, OpenSSL ${process.versions.openssl}`,
    Rust: (await first('rustc', ['--version'])) ?? 'unknown',
    'Ed25519 below the library': `ed25519-dalek ${crateVersion('ed25519-dalek')}`,
    'libsodium of crosscheck': `libsodium-wrappers ${readJson('node_modules', 'libsodium-wrappers', 'package.json').version}`,
    Peer: python === undefined ? 'absent' : `provedex ${await first(python, ['-c', peer])}`,
    SQLite: sqlite === undefined ? 'absent' : sqliteVersion(sqlite),
  };
}

async function fileSystem(folder, first) {
  const found = await first('findmnt', ['--noheadings', '--output', 'FSTYPE,SOURCE,OPTIONS', '--target', folder]);
  return found?.replaceAll(/\s+/g, ', ');
}

function sqliteVersion({ DatabaseSync }) {
  const database = new DatabaseSync(':memory:');
  const { version } = database.prepare('SELECT sqlite_version() AS version').get();
  database.close();
  return `${version}, @photostructure/sqlite ${readJson('bench', 'node_modules', '@photostructure', 'sqlite', 'package.json').version}`;
}

function crateVersion(name) {
  const lock = readFileSync(inProject('Cargo.lock'), 'utf8');
  return new RegExp(`^name = "${name}"\\nversion = "(.*)"$`, 'm').exec(lock)?.[1] ?? 'unknown';
}

const readJson = (...path) => JSON.parse(readFileSync(inProject(...path), 'utf8'));
