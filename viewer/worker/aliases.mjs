// What stands in a worker for modules that only Node.js has, and for those of src/evidence that take something from it.

import { fileURLToPath } from 'node:url';
import { inProject } from '../../scripts/run.mjs';
import { wasmFiles } from '../../scripts/wasm.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** For esbuild's `alias`. */
export const aliases = {
  fs: here('shims/fs.ts'),
  stream: here('shims/stream.ts'),
  util: here('shims/util.ts'),
  zlib: here('shims/zlib.ts'),
  'sealwright-wasm': wasmFiles.script,
};

/** For esbuild's `inject`. */
export const globals = [here('shims/globals.ts')];

const replaced = new Map([
  [inProject('src', 'evidence', 'runtime.js'), here('pack-runtime.ts')],
  [inProject('src', 'evidence', 'vendor.js'), here('pack-vendor.ts')],
]);

/** For esbuild's `plugins`. */
export const replacements = {
  name: 'replacements',
  setup(build) {
    build.onResolve({ filter: /\/(?:runtime|vendor)\.js$/ }, ({ path, resolveDir }) => {
      const replacement = replaced.get(fileURLToPath(new URL(path, `file://${resolveDir}/`)));
      return replacement === undefined ? undefined : { path: replacement };
    });
  },
};
