// The tarballs that are published, of the package and of this machine's platform: what is in them, what the addon asks of a
// system, and what the usual checkers say of them.

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOfMaterials, componentsOf, ways } from '../package/bill-of-materials.mjs';
import { compareVersions, neededGlibc } from '../package/elf.mjs';
import { runHostTool } from '../package/hosts.mjs';
import { fileList, licenseList, requireCommitted } from '../package/lists.mjs';
import { foldersOfThisMachine, largestAddon } from '../package/limits.mjs';
import { addonName, layOutPlatform, platformOf } from '../package/platforms.mjs';
import { packFolders, packPackage } from '../package/tarball.mjs';
import { oldestGlibc } from '../package/zig.mjs';
import { inProject } from '../run.mjs';
import { findAddons } from '../setup.mjs';
import { requireSuccess, runTests } from './result.mjs';
import { compiledSources, once } from './typescript.mjs';

/**
 * The package of this run, and the `platform` package of this machine: what npm says of them, with `path` of the tarball and
 * `folder` of what is in it. The `addon` is the one that is released where zig is there, see setup.mjs.
 */
export const packed = once(async ({ folder }) => {
  await compiledSources();
  const [addon] = findAddons();
  const name = platformOf(addon);
  const place = join(folder, 'packed', 'platform', name);
  const made = await packPackage(join(folder, 'packed'));
  layOutPlatform(place, name, addon);
  const [platform] = await packFolders([place], join(folder, 'packed'));
  return { ...made, addon, platform: { ...platform, platform: name } };
});

/** Eleven tests. */
export async function packageSuite({ parts, folder }) {
  const made = await packed({ folder });
  const manifest = JSON.parse(readFileSync(join(made.folder, 'package.json'), 'utf8'));
  const addon = readFileSync(made.addon);
  const files = made.files.map(({ path }) => path);
  const result = await runTests(
    [
      ['THIRD_PARTY.md is that of the crates in the addon and of what is bundled', [], async () => requireCommitted(await licenseList())],
      ['the bill of materials is CycloneDX, and names what THIRD_PARTY.md names', [], sameMaterials],
      // The viewer is among them.
      ['the tarball has the files of api/package-files.txt', ['wasm'], () => requireCommitted(fileList(made.files))],
      ['every file that package.json names is in the tarball', [], () => namedFiles(manifest, files)],
      ['the tarball of the platform has the addon and what belongs to it', [], () => platformFiles(made.platform)],
      ['nothing is run when they are installed', [], () => [made, made.platform].forEach(noScripts)],
      ['the addon names no folder of this machine', [], () => assert.deepEqual(foldersOfThisMachine(addon), [])],
      [`the addon that is released needs no glibc after ${oldestGlibc}, and is small`, ['zig'], () => oldSystem(addon)],
      ['attw has nothing to say', ['hosts'], () => attw(made)],
      ['publint has nothing to say', ['hosts'], () => publint(made)],
      ['publint has nothing to say of the platform', ['hosts'], () => publint(made.platform)],
    ],
    parts,
  );
  const glibc = process.platform === 'linux' ? `, needs glibc ${neededGlibc(addon) ?? 'of no version'}` : '';
  const bytes = (count) => `${count.toLocaleString('en')} bytes`;
  const sizes = `tarball: ${bytes(made.size)}\ntarball of the platform: ${bytes(made.platform.size)}`;
  return { ...result, table: `${sizes}\naddon: ${bytes(addon.length)}${glibc}` };
}

async function sameMaterials() {
  const tables = readFileSync(inProject('THIRD_PARTY.md'), 'utf8').split('\n## ')[0];
  const rows = [...tables.matchAll(/^\| (\S+) \| (\d\S*) \|/gm)].map(([, name, version]) => `${name} ${version}`);
  const bill = await billOfMaterials();
  assert.deepEqual(componentsOf(bill, ways.compiled, ways.bundled), rows.toSorted());
  assert.equal(await billOfMaterials(), bill);
}

function namedFiles({ main, types, exports }, files) {
  const named = [main, types, ...Object.values(exports).flatMap((target) => Object.values(Object(target)))];
  const paths = named.filter((path) => typeof path === 'string' && path.startsWith('./')).map((path) => path.slice(2));
  assert.ok(paths.length >= 4);
  assert.deepEqual(
    paths.filter((path) => !files.includes(path)),
    [],
  );
}

function platformFiles({ platform, files }) {
  const names = ['LICENSE', 'README.md', 'THIRD_PARTY.md', 'package.json', addonName(platform)];
  assert.deepEqual(files.map(({ path }) => path).toSorted(), names);
}

/** npm runs these of a package that is installed, and builds one that has a binding.gyp. */
function noScripts({ folder, files }) {
  const { scripts = {}, gypfile } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const run = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare', 'prepublish'];
  assert.deepEqual(
    run.filter((name) => Object.hasOwn(scripts, name)),
    [],
  );
  assert.equal(gypfile, undefined);
  assert.ok(!files.some(({ path }) => path === 'binding.gyp'));
}

function oldSystem(addon) {
  const needed = neededGlibc(addon);
  assert.ok(compareVersions(needed, oldestGlibc) <= 0, `it needs glibc ${needed}`);
  assert.ok(addon.length <= largestAddon, `it has ${addon.length} bytes, at most ${largestAddon} are allowed`);
}

/** Types for the resolutions that Node 20 and bundlers have; that of Node 10 knows no subpaths. */
async function attw({ path }) {
  requireSuccess(await runHostTool('@arethetypeswrong/cli', 'attw', [path, '--profile', 'node16', '--no-emoji']), 'attw');
}

async function publint({ folder }) {
  requireSuccess(await runHostTool('publint', 'publint', ['run', folder, '--strict', '--pack', 'false']), 'publint');
}
