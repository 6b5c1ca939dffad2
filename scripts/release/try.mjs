// node scripts/release/try.mjs FOLDER: installs the package and the one for this machine from the tarballs in a folder into an
// empty project, without scripts, and runs __test__/hosts/prebuilt there. For real machines of each platform: nothing is built,
// and no other addon than that of the tarball is taken.

import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { layOutPrograms } from '../package/consumer.mjs';
import { inProject, run, runNpm } from '../run.mjs';
import { readPackages, rootName } from './packages.mjs';

const [folder] = process.argv.slice(2);
const project = join(mkdtempSync(join(tmpdir(), 'sealwright-try-')), 'project');
try {
  const packages = await readPackages(resolve(folder));
  const root = packages.find(({ manifest }) => manifest.name === rootName);
  const platform = packages.find(({ manifest }) => isForHere(manifest));
  if (root === undefined || platform === undefined) throw new Error(`no tarballs for ${process.platform}-${process.arch} in ${folder}`);
  await install(root, platform);
  console.log(`try: ${platform.manifest.name} ${platform.manifest.version}, Node ${process.versions.node}: ${await runThere(platform)}`);
} catch (error) {
  console.log(`try: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(join(project, '..'), { recursive: true, force: true });
}

function isForHere({ os, cpu, libc }) {
  const isGlibc = process.report.getReport().header.glibcVersionRuntime !== undefined;
  return os?.includes(process.platform) && cpu.includes(process.arch) && (libc === undefined || libc.includes(isGlibc ? 'glibc' : 'musl'));
}

/** What the tarballs need beside each other comes from the registry. */
async function install(...packages) {
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "name": "consumer", "private": true }\n');
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier'];
  const { code, output } = await runNpm(['install', ...packages.map(({ path }) => path), ...options], { cwd: project });
  if (code !== 0) throw new Error(`npm install failed\n${output}`);
}

/** The last line of the program, which says how much it compared. */
async function runThere({ manifest }) {
  layOutPrograms(project);
  const args = [join(project, 'prebuilt', 'main.cjs'), manifest.name.split('/')[1], inProject('vectors')];
  const { code, stdout, output } = await run(process.execPath, args, { cwd: project });
  const said = /^\d+ chains, \d+ mutations$/m.exec(stdout)?.[0];
  if (code !== 0 || said === undefined) throw new Error(`it failed\n${output}`);
  return said;
}
