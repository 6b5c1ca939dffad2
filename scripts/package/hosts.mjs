// Programs that users load the package into (test runners, compilers, frameworks, other runtimes and versions of Node), and
// tools that look at a package. They are pinned in __test__/hosts. Large, 1.5 GB, so that only `npm run hosts` and
// scripts/ci-setup install them, into target/hosts.

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inProject, run, runNpm } from '../run.mjs';

const pinned = inProject('__test__', 'hosts');
const folder = inProject('target', 'hosts');
const installed = join(folder, 'installed.json');

/** Whether they are here, in the versions of the lock file. */
export function hasHosts() {
  return existsSync(installed) && readFileSync(installed).equals(readFileSync(join(pinned, 'package-lock.json')));
}

/** Installs them unless they are there. For `step`. */
export async function installHosts() {
  if (hasHosts()) return { code: 0, output: '' };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(pinned, name), join(folder, name));
  const options = ['--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  const outcome = await runNpm(['ci', ...options], { cwd: folder });
  // The versions of Node are run by their paths. On the PATH of a script one would stand in for the Node that is meant.
  rmSync(inHosts('.bin', 'node'), { force: true });
  // Written last, so an interrupted install leaves none.
  if (outcome.code === 0) copyFileSync(join(pinned, 'package-lock.json'), installed);
  return outcome;
}

/** A new folder, for projects that find them in the node_modules above. */
export const projectsInHosts = () => mkdtempSync(join(folder, 'projects-'));

/** A path inside the folder where they are installed. */
export const inHosts = (...parts) => join(folder, 'node_modules', ...parts);

/** Runs the command-line tool of one of them; the result is that of `run`. */
export async function runHostTool(name, binary, args, options) {
  const { bin } = JSON.parse(readFileSync(inHosts(name, 'package.json'), 'utf8'));
  return run(process.execPath, [inHosts(name, typeof bin === 'string' ? bin : bin[binary]), ...args], options);
}

/** The version of one of them. */
export function hostVersion(name) {
  // Some of the packages of Node have a version with a v.
  return JSON.parse(readFileSync(inHosts(name, 'package.json'), 'utf8')).version.replace(/^v/, '');
}

/** The versions of Node among them, oldest first, as `{name, path}`; none on a platform that they are not for. */
export function hostNodes() {
  const names = readdirSync(inHosts()).filter((name) => /^node-\d+$/.test(name));
  return names.toSorted().map((name) => ({ name: hostVersion(name), path: inHosts(name, 'bin', 'node') }));
}
