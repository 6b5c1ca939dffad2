// The packages of a release, read from their tarballs: a root package, and one for each platform, which it names. Node's
// built-ins and tar only, for the job that publishes installs nothing.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run.mjs';

/** The root package's name. */
export const rootName = 'sealwright';

/** Each package in a folder of tarballs: `{path, integrity, manifest}`, with the digest as npm spells it. */
export async function readPackages(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  return Promise.all(names.map((name) => readPackage(join(folder, name))));
}

async function readPackage(path) {
  const integrity = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
  return { path, integrity, manifest: JSON.parse(await readEntry(path, 'package/package.json')) };
}

/** The text of one file of a tarball. */
export async function readEntry(path, entry) {
  const { code, stdout, output } = await run('tar', ['-xzOf', path, entry]);
  if (code !== 0) throw new Error(`${path}: tar cannot read ${entry}\n${output}`);
  return stdout;
}

/**
 * Packages in the order in which they are published: the root is last, so that nobody installs one whose platforms are
 * not there yet. Throws unless the root names exactly the others, all in its own version and repository.
 */
export function publicationOrder(packages) {
  const root = packages.find(({ manifest }) => manifest.name === rootName);
  if (root === undefined) throw new Error(`there is no tarball of ${rootName}`);
  const platforms = packages.filter((found) => found !== root).toSorted((a, b) => (a.manifest.name < b.manifest.name ? -1 : 1));
  const have = platforms.map(({ manifest }) => `${manifest.name} ${manifest.version}`);
  const named = Object.entries(root.manifest.optionalDependencies ?? {}).map(([name, version]) => `${name} ${version}`);
  const problems = [
    ...named.filter((text) => !have.includes(text)).map((text) => `${text} is named by the root and has no tarball`),
    ...have.filter((text) => !named.includes(text)).map((text) => `${text} is not named by the root`),
    ...platforms
      .filter(({ manifest }) => manifest.version !== root.manifest.version)
      .map(({ manifest }) => `${manifest.name} has version ${manifest.version}, the root ${root.manifest.version}`),
    // npm would refuse to say where it comes from, after the ones before it were published.
    ...platforms
      .filter(({ manifest }) => manifest.repository?.url !== root.manifest.repository?.url)
      .map(({ manifest }) => `${manifest.name} names another repository than the root`),
  ];
  if (platforms.length === 0) problems.push('there is no platform package');
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return [...platforms, root];
}
