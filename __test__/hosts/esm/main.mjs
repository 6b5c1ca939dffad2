// A host that imports: the package by names, and every further subpath that it exports.

import { readFileSync } from 'node:fs';
import { events, Session, SigningKeypair, verifyFile } from 'sealwright';
import * as crosscheck from 'sealwright/crosscheck';
import smoke from '../smoke.cjs';

await smoke({ events, Session, SigningKeypair, verifyFile }, crosscheck);
for (const subpath of JSON.parse(readFileSync(new URL('../subpaths.json', import.meta.url), 'utf8'))) {
  const names = Object.keys(await import(subpath));
  if (names.length === 0) throw new Error(`${subpath} exports nothing`);
}
