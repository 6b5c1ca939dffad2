// The script of the viewer's workers.

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { projectRoot } from '../../scripts/run.mjs';
import { aliases, globals, replacements } from './aliases.mjs';

/** The whole script. The same sources give the same text. Needs what scripts/wasm.mjs builds. */
export async function bundleWorker() {
  const { outputFiles } = await build({
    absWorkingDir: projectRoot,
    alias: aliases,
    bundle: true,
    charset: 'ascii',
    entryPoints: [fileURLToPath(new URL('main.ts', import.meta.url))],
    format: 'iife',
    inject: globals,
    legalComments: 'none',
    logLevel: 'silent',
    minify: true,
    platform: 'browser',
    plugins: [replacements],
    target: 'es2022',
    write: false,
  });
  return outputFiles[0].text;
}
