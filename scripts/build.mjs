// npm run build: dependencies, addon, index.d.ts and dist/ with the viewer in it, where Rust can compile to WebAssembly. The
// only command that writes index.d.ts.

import { copyFileSync } from 'node:fs';
import { inProject } from './run.mjs';
import { compileSources, generatedTypes, prepare, reportSetupError, step } from './setup.mjs';
import { addViewer } from './viewer.mjs';

try {
  await prepare();
  copyFileSync(generatedTypes, inProject('index.d.ts'));
  await step('TypeScript', compileSources);
  await addViewer();
  console.log('build: done');
} catch (error) {
  reportSetupError(error);
  process.exitCode = 1;
}
