// npm run prebuild: the packages of all platforms, in target/prebuild/npm, on Linux x64. `npm run prebuild -- linux-x64-musl`
// makes only the named ones; `--reproducible` builds the addon for this machine's platform once more, from a copy of the
// sources in another folder, and compares the bytes. Exit code 1 where something that could be built was not, or is not
// as it must be; a target that the machine has no Rust for is counted as not built.

import { checkAddon } from './prebuild/check.mjs';
import { buildPlatform, missingFor } from './prebuild/build.mjs';
import { isReproducible } from './prebuild/reproducible.mjs';
import { layOutPlatform, platformsNamed } from './package/platforms.mjs';
import { tableOf } from './package/table.mjs';
import { installZig } from './package/zig.mjs';
import { duration, inProject } from './run.mjs';
import { reportSetupError, requireRust, step } from './setup.mjs';
import { readFileSync } from 'node:fs';

const names = process.argv.slice(2).filter((argument) => argument !== '--reproducible');

try {
  const chosen = platformsNamed(names);
  await requireRust();
  await step('zig', installZig);
  const rows = [];
  for (const platform of chosen) rows.push(await prebuild(platform));
  console.log(`\n${tableOf([['platform', 'result', 'bytes', 'needs', 'time'], ...rows])}`);
  if (process.argv.includes('--reproducible')) await step('the same bytes from another folder', isReproducible);
} catch (error) {
  reportSetupError(error);
  process.exitCode = 1;
}

/** Its row of the table. */
async function prebuild(platform) {
  const { name } = platform;
  const missing = await missingFor(platform);
  if (missing !== undefined) return [name, `not built: ${missing}`, '', '', ''];
  console.log(`prebuild: ${name} ...`);
  const started = Date.now();
  const { code, output, path } = await buildPlatform(platform);
  try {
    if (code !== 0) throw new Error(output);
    const addon = readFileSync(path);
    const needs = checkAddon(name, addon);
    layOutPlatform(inProject('target', 'prebuild', 'npm', name), name, path);
    return [name, 'built', addon.length.toLocaleString('en'), needs, duration(Date.now() - started)];
  } catch (error) {
    console.log(error.message);
    process.exitCode = 1;
    return [name, 'failed', '', '', duration(Date.now() - started)];
  }
}
