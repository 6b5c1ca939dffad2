// npm run build:release: what is to be published, in target/package: the package, the packages of all platforms as `npm run
// prebuild` made them, and beside them the viewer with its SHA-256 for auditors to compare. On Linux x64 only. With
// `--install-only` it stops when the linker is installed.

import { inProject } from './run.mjs';
import { checkAddon } from './prebuild/check.mjs';
import { addonName, platformManifest, platforms } from './package/platforms.mjs';
import { packFolders, packPackage } from './package/tarball.mjs';
import { installZig } from './package/zig.mjs';
import { compileSources, prepare, reportSetupError, SetupError, step } from './setup.mjs';
import { addViewer } from './viewer.mjs';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

try {
  await step('zig', installZig);
  if (!process.argv.includes('--install-only')) await build();
} catch (error) {
  reportSetupError(error);
  process.exitCode = 1;
}

async function build() {
  const packages = platforms.map(({ name }) => prebuilt(name));
  await prepare();
  await step('TypeScript', compileSources);
  if (!(await addViewer())) throw new SetupError('the viewer is part of a release');
  const folder = inProject('target', 'package');
  const packed = [await packPackage(folder), ...(await packFolders(packages, folder))];
  for (const { path, size } of packed) console.log(`build:release: ${path}, ${size} bytes`);
  console.log(`build:release: viewer.html, SHA-256 ${addDigest(folder)}`);
}

/** The folder of a platform package, which is of this version and as it must be. */
function prebuilt(name) {
  const folder = inProject('target', 'prebuild', 'npm', name);
  const manifest = `${JSON.stringify(platformManifest(name), undefined, 2)}\n`;
  const path = join(folder, 'package.json');
  if (!existsSync(path) || readFileSync(path, 'utf8') !== manifest) {
    throw new SetupError(`the package of ${name} is not there, or another version's: run \`npm run prebuild\``);
  }
  checkAddon(name, readFileSync(join(folder, addonName(name))));
  return folder;
}

/** Puts the viewer beside the package, and its digest into a file as `sha256sum -c` reads it. */
function addDigest(folder) {
  const viewer = inProject('dist', 'viewer', 'viewer.html');
  const digest = createHash('sha256').update(readFileSync(viewer)).digest('hex');
  copyFileSync(viewer, join(folder, 'viewer.html'));
  writeFileSync(join(folder, 'viewer.html.sha256'), `${digest}  viewer.html\n`);
  return digest;
}
