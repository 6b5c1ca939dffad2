// dist/viewer/viewer.html: one file that asks for nothing. One script, one style, the engine and the workers' script inside
// of it; no path of this machine, and the same bytes from the same sources.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { inProject } from '../scripts/run.mjs';
import { wasmFiles } from '../scripts/wasm.mjs';
import { bundleWorker } from './worker/bundle.mjs';

/** The page, as it is shipped. */
export const viewerFile = inProject('dist', 'viewer', 'viewer.html');

/** Builds the page; resolves like `run`. The module of scripts/wasm.mjs has to be there. */
export async function buildViewer() {
  const html = await viewerPage(await bundleWorker());
  mkdirSync(inProject('dist', 'viewer'), { recursive: true });
  writeFileSync(viewerFile, html);
  return { code: 0, output: '' };
}

/** The page with a script for its workers. */
export async function viewerPage(worker) {
  const [script, style] = await Promise.all([bundleScript(worker), bundleStyle()]);
  const policy = [
    "default-src 'none'",
    `script-src '${digest(script)}' 'wasm-unsafe-eval' blob:`,
    'worker-src blob:',
    `style-src '${digest(style)}'`,
    'img-src data: blob:',
    "connect-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
  ].join('; ');
  const values = { POLICY: policy, STYLE: style, SCRIPT: script };
  return readFileSync(inPage('template.html'), 'utf8').replace(/%([A-Z]+)%/g, (_, name) => values[name]);
}

const inPage = (name) => inProject('viewer', 'page', name);

/** In the policy's spelling. */
function digest(text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** Options of every bundle for browsers. */
const browsers = { bundle: true, minify: true, write: false, legalComments: 'none', logLevel: 'warning', absWorkingDir: inProject() };

async function bundleScript(worker) {
  const { version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  // As bytes: their text could end the script that it stands in.
  const contents = {
    engine: { contents: readFileSync(wasmFiles.module), loader: 'binary' },
    worker: { contents: Buffer.from(worker), loader: 'binary' },
    version: { contents: JSON.stringify(version), loader: 'json' },
  };
  const plugin = {
    name: 'sealwright',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^sealwright:/ }, ({ path }) => ({ path: path.slice('sealwright:'.length), namespace: 'sealwright' }));
      onLoad({ filter: /.*/, namespace: 'sealwright' }, ({ path }) => contents[path]);
    },
  };
  const jsx = { jsx: 'automatic', jsxImportSource: 'preact' };
  const script = { entryPoints: [inPage('main.tsx')], format: 'iife', target: 'es2022', charset: 'ascii', ...jsx, plugins: [plugin] };
  return inline((await build({ ...browsers, ...script })).outputFiles[0].text, /<!--|<\/?script/i);
}

async function bundleStyle() {
  const style = { entryPoints: [inPage('page.css')], charset: 'utf8' };
  return inline((await build({ ...browsers, ...style })).outputFiles[0].text, /<\/style/i);
}

/** Text of an element, or an error where something in it would be more than text. */
function inline(text, refused) {
  const found = refused.exec(text);
  if (found !== null) throw new Error(`the page cannot hold ${found[0]} in a script or a style`);
  return text;
}
