/*
 * What this package says of itself.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Its version. */
export function packageVersion(): string {
  const text = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
