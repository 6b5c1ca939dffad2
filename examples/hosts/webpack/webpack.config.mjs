import { resolve } from 'node:path';

export default {
  mode: 'production',
  target: 'node',
  entry: './src/main.js',
  output: { path: resolve('out'), filename: 'main.js', module: true, library: { type: 'module' }, chunkFormat: 'module' },
  experiments: { outputModule: true },
  // Loaded from node_modules when the program runs.
  externals: { sealwright: 'module sealwright' },
};
