// npm run build:release: the package to publish, with an addon that also loads on old systems; on Linux x64 only. Beside it
// the viewer, and its SHA-256 for auditors to compare. With `--install-only` it stops when the linker is installed.

import { inProject } from './run.mjs';
import { compareVersions, neededGlibc } from './package/elf.mjs';
import { packPackage } from './package/tarball.mjs';
import { installZig, oldestGlibc } from './package/zig.mjs';
import { compileSources, findAddons, prepare, reportSetupError, SetupError, step } from './setup.mjs';
import { addViewer } from './viewer.mjs';
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

try {
  await step('zig', installZig);
  if (!process.argv.includes('--install-only')) await build();
} catch (error) {
  reportSetupError(error);
  process.exitCode = 1;
}

async function build() {
  await prepare();
  await step('TypeScript', compileSources);
  if (!(await addViewer())) throw new SetupError('the viewer is part of a release');
  const [addon] = findAddons();
  const glibc = neededGlibc(readFileSync(addon));
  if (compareVersions(glibc, oldestGlibc) > 0) throw new SetupError(`the addon needs glibc ${glibc}`);
  const folder = inProject('target', 'package');
  const { path, size } = await packPackage(folder, addon);
  console.log(`build:release: ${path}, ${size} bytes, for glibc ${oldestGlibc} and newer`);
  console.log(`build:release: viewer.html, SHA-256 ${addDigest(folder)}`);
}

/** Puts the viewer beside the package, and its digest into a file as `sha256sum -c` reads it. */
function addDigest(folder) {
  const viewer = inProject('dist', 'viewer', 'viewer.html');
  const digest = createHash('sha256').update(readFileSync(viewer)).digest('hex');
  copyFileSync(viewer, join(folder, 'viewer.html'));
  writeFileSync(join(folder, 'viewer.html.sha256'), `${digest}  viewer.html\n`);
  return digest;
}
