// Programs that users load the package into (test runners, compilers, other versions of Node), and tools that look at a
// package. They are pinned in __test__/hosts and installed into target/hosts by the first test that needs them.

import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inProject, run, runNpm } from '../run.mjs';
import { SetupError } from '../setup.mjs';

const pinned = inProject('__test__', 'hosts');
const folder = inProject('target', 'hosts');
const installed = join(folder, 'installed.json');

/** Whether they are here, in the versions of the lock file. */
export function hasHosts() {
  return existsSync(installed) && readFileSync(installed).equals(readFileSync(join(pinned, 'package-lock.json')));
}

let installing;

/** Installs them unless they are there. Once a run, however often it is called. */
export const installHosts = () => (installing ??= install());

async function install() {
  if (hasHosts()) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(pinned, name), join(folder, name));
  const options = ['--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  const { code, output } = await runNpm(['ci', ...options], { cwd: folder });
  if (code !== 0) throw new SetupError('npm ci of __test__/hosts failed', output);
  // Written last, so an interrupted install leaves none.
  copyFileSync(join(pinned, 'package-lock.json'), installed);
}

/** A path inside the folder where they are installed. */
export const inHosts = (...parts) => join(folder, 'node_modules', ...parts);

/** Runs the command-line tool of one of them; the result is that of `run`. */
export async function runHostTool(name, binary, args, options) {
  await installHosts();
  const { bin } = JSON.parse(readFileSync(inHosts(name, 'package.json'), 'utf8'));
  return run(process.execPath, [inHosts(name, typeof bin === 'string' ? bin : bin[binary]), ...args], options);
}

/** The versions of Node among them, oldest first, as `{name, path}`; none on a platform that they are not for. */
export async function hostNodes() {
  await installHosts();
  const names = readdirSync(inHosts()).filter((name) => /^node-\d+$/.test(name));
  return names.toSorted().map((name) => {
    const { version } = JSON.parse(readFileSync(inHosts(name, 'package.json'), 'utf8'));
    // Some of these packages have a version with a v.
    return { name: version.replace(/^v/, ''), path: inHosts(name, 'bin', 'node') };
  });
}
