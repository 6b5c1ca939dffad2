// Everything that an installation of the package asks a registry for.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inProject } from '../run.mjs';
import { layOutPlatform, platforms } from './platforms.mjs';
import { packFolders } from './tarball.mjs';

/**
 * The package, its platform packages and what else it depends on, for `serveRegistry`. Dependencies are packed from where they
 * are installed. Platform packages that are not given have a text in place of their addon: npm looks at all of them and
 * installs the one that fits.
 */
export async function publishedPackages(folder, made, platformPackages) {
  const { packages } = JSON.parse(readFileSync(inProject('package-lock.json'), 'utf8'));
  const dependencies = Object.entries(packages)
    .filter(([place, { dev, devOptional }]) => place !== '' && !dev && !devOptional)
    .map(([place]) => inProject(place));
  const others = platforms.map(({ name }) => name).filter((name) => !platformPackages.some((given) => given.platform === name));
  const standIns = others.map((name) => {
    const place = join(folder, 'stand-ins', name);
    layOutPlatform(place, name, inProject('LICENSE'));
    return place;
  });
  const rest = await packFolders([...dependencies, ...standIns], join(folder, 'dependencies'));
  return [made, ...platformPackages, ...rest];
}
