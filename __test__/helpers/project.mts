// Where the project is. Apart from the parts, so that programs which are no tests can find the vectors too.

import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** The folder of package.json; the compiled tests lie one folder deeper than their sources. */
export const projectRoot = dirname(createRequire(import.meta.url).resolve('sealwright/package.json'));
