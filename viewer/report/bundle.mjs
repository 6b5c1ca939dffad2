// dist/viewer/report.js: static reports for Node.js, with the libraries that they are made with. Needs no WebAssembly.

import { createHash } from 'node:crypto';
import { build } from 'esbuild';
import { inProject } from '../../scripts/run.mjs';

/** The bundle, as it is shipped. */
export const reportBundle = inProject('dist', 'viewer', 'report.js');

const inReport = (name) => inProject('viewer', 'report', name);
const shared = { bundle: true, minify: true, legalComments: 'none', logLevel: 'warning', absWorkingDir: inProject() };

/** Writes it; resolves like `run`. */
export async function buildReport() {
  const style = (await build({ ...shared, entryPoints: [inReport('report.css')], write: false })).outputFiles[0].text;
  // Nothing in it may end the element that it stands in.
  if (/<\/style/i.test(style)) throw new Error('the style of a report cannot hold </style');
  const digest = `sha256-${createHash('sha256').update(style).digest('base64')}`;
  const plugin = {
    name: 'sealwright',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^sealwright:report-style$/ }, ({ path }) => ({ path, namespace: 'sealwright' }));
      onLoad({ filter: /.*/, namespace: 'sealwright' }, () => ({ contents: JSON.stringify({ style, digest }), loader: 'json' }));
    },
  };
  const jsx = { jsx: 'automatic', jsxImportSource: 'preact' };
  const node = { platform: 'node', target: 'node20.19', format: 'cjs', charset: 'ascii' };
  await build({ ...shared, ...jsx, ...node, entryPoints: [inReport('main.ts')], outfile: reportBundle, plugins: [plugin] });
  return { code: 0, output: '' };
}
