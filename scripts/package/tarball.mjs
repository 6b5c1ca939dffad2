// The package as it is published: packed from a copy, so that the addon in it can be another one than the local build.

import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { inProject, projectRoot, runNpm } from '../run.mjs';
import { SetupError } from '../setup.mjs';

/**
 * Packs the package with `addon` in place of whatever addon lies in the project folder; everything lands in `folder`,
 * which is emptied first. Resolves with what npm says of the tarball: `path`, `name`, `version`, `integrity`, and
 * `files`, a list of `{path, size}`.
 */
export async function packPackage(folder, addon) {
  rmSync(folder, { recursive: true, force: true });
  const [{ files }] = await npmPack([projectRoot, '--dry-run']);
  const copy = join(folder, 'package');
  const carry = (from, to) => {
    mkdirSync(dirname(join(copy, to)), { recursive: true });
    copyFileSync(from, join(copy, to));
  };
  for (const { path } of files) if (!isAddon(path)) carry(inProject(path), path);
  carry(addon, basename(addon));
  const [packed] = await packFolders([copy], folder);
  return packed;
}

/** Packs folders that are packages already; resolves with one entry for each. */
export async function packFolders(packages, folder) {
  mkdirSync(folder, { recursive: true });
  const packed = await npmPack([...packages, '--pack-destination', folder]);
  return packed.map((entry) => ({ ...entry, path: join(folder, entry.filename) }));
}

/** Whether a path of the package is a native addon at its top. */
export const isAddon = (path) => /^sealwright\.[^/]+\.node$/.test(path);

async function npmPack(args) {
  const { code, stdout, output } = await runNpm(['pack', '--json', '--ignore-scripts', ...args]);
  if (code !== 0) throw new SetupError('npm pack failed', output);
  return JSON.parse(stdout);
}
