// npm run prebuild:test: installs the packages that `npm run prebuild` made, from their tarballs, into empty projects, without
// scripts and without a compiler, and runs __test__/hosts/prebuilt in each Node.js there is for them. `npm run prebuild:test --
// linux-x64-musl` does so for the named ones. Exit code 1 when anything that ran failed.

import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installInto, layOutPrograms } from './package/consumer.mjs';
import { platformManifest, platforms, platformsNamed } from './package/platforms.mjs';
import { publishedPackages } from './package/published.mjs';
import { serveRegistry } from './package/registry.mjs';
import { tableOf } from './package/table.mjs';
import { packFolders, packPackage } from './package/tarball.mjs';
import { hosts } from './prebuild/hosts.mjs';
import { installRuntimes } from './prebuild/runtimes.mjs';
import { duration, inProject, temporaryFolder } from './run.mjs';
import { compileSources, prepare, reportSetupError, SetupError, step } from './setup.mjs';
import { requireSuccess } from './suites/result.mjs';

const untested = {
  'darwin-arm64': 'nothing here runs programs for macOS',
  'darwin-x64': 'nothing here runs programs for macOS',
  'win32-arm64-gnu': 'nothing here runs programs for Windows on arm64',
};
const isBuilt = (name) => existsSync(folderOf(name));
const folderOf = (name) => inProject('target', 'prebuild', 'npm', name);

mkdirSync(temporaryFolder, { recursive: true });
const folder = mkdtempSync(join(temporaryFolder, 'prebuild-'));
try {
  const chosen = platformsNamed(process.argv.slice(2));
  if (!platforms.some(({ name }) => isBuilt(name))) throw new SetupError('no platform is built: run `npm run prebuild`');
  await prepare();
  await step('TypeScript', compileSources);
  await step('Node.js for other platforms', installRuntimes);
  const registry = await serveRegistry(await packages());
  const rows = [];
  for (const { name } of chosen) rows.push(...(await tryPlatform(name, registry)));
  registry.close();
  console.log(`\n${tableOf([['platform', 'host', 'result', 'time'], ...rows])}`);
} catch (error) {
  reportSetupError(error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The package, and the platform packages that were built. */
async function packages() {
  const built = platforms.map(({ name }) => name).filter(isBuilt);
  const packed = await packFolders(built.map(folderOf), join(folder, 'platforms'));
  const made = await packPackage(join(folder, 'packed'));
  return publishedPackages(folder, made, packed.map((entry, index) => ({ ...entry, platform: built[index] })));
}

/** Its rows of the table. */
async function tryPlatform(name, registry) {
  if (!isBuilt(name)) return [[name, '', 'not built', '']];
  const project = await installFor(name, registry);
  if (Object.hasOwn(untested, name)) return [[name, '', `built, not tested: ${untested[name]}`, '']];
  const rows = [];
  for (const host of hosts().filter(({ platform }) => platform === name)) {
    rows.push(host.missing ? [name, host.title, `not tested: ${host.missing}`, ''] : await tryHost(host, project));
  }
  return rows;
}

/** npm is told what machine it is on; a package that was not made for it would not be installed. */
async function installFor(name, registry) {
  const project = join(folder, name);
  const { os, cpu, libc } = platformManifest(name);
  const machine = Object.entries({ os, cpu, libc }).flatMap(([option, value]) => (value ? [`--${option}=${value[0]}`] : []));
  requireSuccess(await installInto(project, ['--registry', registry.url, ...machine]), 'npm install');
  layOutPrograms(project);
  return project;
}

async function tryHost({ platform, title, run }, project) {
  const started = Date.now();
  process.stdout.write(`prebuild:test: ${platform}, ${title} ... `);
  // `prebuilt/main.cjs` says how much it compared, as its last act: an exit code alone might come too early.
  const { code, output, stdout } = await run(project, [join(project, 'prebuilt', 'main.cjs'), platform, inProject('vectors')]).catch((error) => ({
    output: error.stack,
    stdout: '',
  }));
  const said = /^\d+ chains, \d+ mutations$/m.exec(stdout)?.[0];
  const passed = code === 0 && said !== undefined;
  console.log(passed ? 'passed' : `failed\n${output}`);
  if (!passed) process.exitCode = 1;
  return [platform, title, passed ? `tested: ${said}` : 'failed', duration(Date.now() - started)];
}
