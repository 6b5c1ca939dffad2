// npm run build:release: the package to publish, with an addon that also loads on old systems; on Linux x64 only. With
// `--install-only` it stops when the linker is installed.

import { inProject } from './run.mjs';
import { compareVersions, neededGlibc } from './package/elf.mjs';
import { buildReleaseAddon, installZig, oldestGlibc } from './package/release-addon.mjs';
import { packPackage } from './package/tarball.mjs';
import { compileSources, prepare, reportSetupError, SetupError, step } from './setup.mjs';
import { readFileSync } from 'node:fs';

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
  let addon;
  await step('addon to release', async () => {
    addon = await buildReleaseAddon();
    return { code: 0 };
  });
  const glibc = neededGlibc(readFileSync(addon));
  if (compareVersions(glibc, oldestGlibc) > 0) throw new SetupError(`the addon needs glibc ${glibc}`);
  const { path, size } = await packPackage(inProject('target', 'package'), addon);
  console.log(`build:release: ${path}, ${size} bytes, for glibc ${oldestGlibc} and newer`);
}
