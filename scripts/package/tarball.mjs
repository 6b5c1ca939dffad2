// The package as it is published: packed from a copy, which has platform packages in place of the addon of a local build.

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inProject, projectRoot, runNpm } from '../run.mjs';
import { SetupError } from '../setup.mjs';
import { optionalDependencies } from './platforms.mjs';

/**
 * Packs the package without an addon, those of all platforms being its optional dependencies; everything lands in `folder`,
 * which is emptied first. Resolves with what npm says of the tarball: `path`, `name`, `version`, `integrity`, and `files`, a
 * list of `{path, size}`; and with `folder`, what is in it.
 */
export async function packPackage(folder) {
  rmSync(folder, { recursive: true, force: true });
  const [{ files }] = await npmPack([projectRoot, '--dry-run']);
  const copy = join(folder, 'package');
  for (const { path } of files.filter((file) => !isAddon(file.path))) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    copyFileSync(inProject(path), join(copy, path));
  }
  const manifest = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const published = { ...manifest, optionalDependencies: optionalDependencies() };
  writeFileSync(join(copy, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`);
  const [packed] = await packFolders([copy], folder);
  return packed;
}

/** Packs folders that are packages already; resolves with the same for each. */
export async function packFolders(packages, folder) {
  mkdirSync(folder, { recursive: true });
  const packed = await npmPack([...packages, '--pack-destination', folder]);
  return packed.map((entry, index) => ({ ...entry, path: join(folder, entry.filename), folder: packages[index] }));
}

/** Whether a path of the package is that of a local build of the addon. */
const isAddon = (path) => /^sealwright\.[^/]+\.node$/.test(path);

async function npmPack(args) {
  const { code, stdout, output } = await runNpm(['pack', '--json', '--ignore-scripts', ...args]);
  if (code !== 0) throw new SetupError('npm pack failed', output);
  return JSON.parse(stdout);
}
