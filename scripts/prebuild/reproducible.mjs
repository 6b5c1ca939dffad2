// Whether the bytes of an addon depend on the folder that it is built in.

import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { platforms } from '../package/platforms.mjs';
import { inProject, temporaryFolder } from '../run.mjs';
import { buildPlatform } from './build.mjs';

const platform = platforms.find(({ name }) => name === 'linux-x64-gnu');

/** Builds the addon for linux-x64-gnu here and, from nothing, in a copy of the sources. For `step`. */
export async function isReproducible() {
  const copy = mkdtempSync(join(temporaryFolder, 'another-folder-'));
  try {
    // The self-test holds a vector.
    for (const name of ['Cargo.toml', 'Cargo.lock', 'crates', 'vectors']) {
      const isSource = (path) => !path.endsWith('/target');
      cpSync(inProject(name), join(copy, name), { recursive: true, filter: isSource });
    }
    const builds = [await buildPlatform(platform), await buildPlatform(platform, copy)];
    const failed = builds.find(({ code }) => code !== 0);
    if (failed !== undefined) return failed;
    const [here, there] = builds.map(({ path }) => readFileSync(path));
    return here.equals(there) ? { code: 0, output: '' } : { code: 1, output: 'the bytes differ' };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
