// Two ways. Either the package stays in node_modules, or its JavaScript goes into the bundle and the addon beside it: a
// folder that needs nothing else, for a function or an image.

import { copyFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const common = { entryPoints: ['main.mjs'], bundle: true, platform: 'node', format: 'esm', target: 'node20.19' };

await build({ ...common, outfile: 'out/main.mjs', external: ['sealwright'] });

await build({
  ...common,
  outfile: 'standalone/bin/main.mjs',
  // The package names the addon of every platform. The one of this platform is copied to the path that is asked for.
  external: ['../sealwright.*.node', '@sealwright/*'],
  // What CommonJS in a module needs.
  banner: {
    js: `import { createRequire } from 'node:module';
const [require, __dirname] = [createRequire(import.meta.url), import.meta.dirname];`,
  },
});
const installed = dirname(createRequire(import.meta.url).resolve('sealwright/package.json'));
for (const name of readdirSync(installed).filter((file) => file.endsWith('.node'))) {
  copyFileSync(join(installed, name), join('standalone', name));
}
