// node scripts/release/assets.mjs TARBALLS FOLDER: puts into a folder what a release shows beside the registry: the tarballs,
// the viewer of the root package with its digest, and SHA256SUMS of all of them, as `sha256sum -c` reads it. What was changed,
// from CHANGELOG.md, is put beside the folder, as FOLDER-notes.md.

import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { inProject } from '../run.mjs';
import { publicationOrder, readEntry, readPackages } from './packages.mjs';

const [tarballs, folder] = process.argv.slice(2).map((path) => resolve(path));
const packages = publicationOrder(await readPackages(tarballs));
mkdirSync(folder, { recursive: true });
for (const { path } of packages) copyFileSync(path, join(folder, basename(path)));
// Taken from the tarball, whose origin npm signs, so that the one vouches for the other.
writeFileSync(join(folder, 'viewer.html'), await readEntry(packages.at(-1).path, 'package/dist/viewer/viewer.html'));
writeFileSync(join(folder, 'viewer.html.sha256'), sumLine('viewer.html'));
const names = readdirSync(folder).filter((name) => !/^SHA256SUMS$|\.sha256$/.test(name));
writeFileSync(join(folder, 'SHA256SUMS'), names.toSorted().map(sumLine).join(''));
writeFileSync(`${folder}-notes.md`, newestChanges());
console.log(`assets: ${names.length} files in ${folder}`);

function newestChanges() {
  const [, newest] = readFileSync(inProject('CHANGELOG.md'), 'utf8').split(/^## \[/m);
  return newest.slice(newest.indexOf('\n')).trimStart();
}

function sumLine(name) {
  return `${createHash('sha256').update(readFileSync(join(folder, name))).digest('hex')}  ${name}\n`;
}
