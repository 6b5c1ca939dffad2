// node scripts/release/publish.mjs FOLDER: publishes the tarballs of a folder, platforms first and the root last. For the
// release workflow, which npm trusts by its identity: there is no token, and npm signs where each package comes from.
//
// It may be run again after it broke off: what the registry has is left alone if it is the same, to the byte.

import { resolve } from 'node:path';
import { runNpm } from '../run.mjs';
import { publicationOrder, readPackages } from './packages.mjs';

const [folder] = process.argv.slice(2);
try {
  for (const found of publicationOrder(await readPackages(resolve(folder)))) await publish(found);
} catch (error) {
  console.log(`publish: ${error.message}`);
  process.exitCode = 1;
}

async function publish({ path, integrity, manifest: { name, version } }) {
  const published = await publishedIntegrity(name, version);
  if (published === integrity) return void console.log(`publish: ${name} ${version} is there already`);
  if (published !== undefined) throw new Error(`the registry has another ${name} ${version}: ${published}, not ${integrity}`);
  // A version such as 1.2.0-rc.1 must not become what `npm install` takes.
  const tag = version.includes('-') ? 'next' : 'latest';
  const { code, output } = await runNpm(['publish', path, '--provenance', '--access', 'public', '--tag', tag, '--ignore-scripts']);
  if (code !== 0) throw new Error(`npm publish ${name} ${version} failed\n${output}`);
  console.log(`publish: ${name} ${version}, ${integrity}`);
}

/** The digest of a version that the registry has; undefined where it has none. */
async function publishedIntegrity(name, version) {
  const { code, stdout, output } = await runNpm(['view', `${name}@${version}`, 'dist.integrity', '--json']);
  if (code === 0) return stdout.trim() === '' ? undefined : JSON.parse(stdout);
  if (/E404/.test(output)) return undefined;
  throw new Error(`the registry does not say whether it has ${name} ${version}\n${output}`);
}
