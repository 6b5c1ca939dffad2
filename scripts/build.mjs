// npm run build: dependencies, addon, index.d.ts and dist/. The only command that writes index.d.ts.

import { copyFileSync } from 'node:fs';
import { inProject } from './run.mjs';
import { compileSources, generatedTypes, prepare, reportSetupError, step } from './setup.mjs';

try {
  await prepare();
  copyFileSync(generatedTypes, inProject('index.d.ts'));
  await step('TypeScript', compileSources);
  console.log('build: done');
} catch (error) {
  reportSetupError(error);
  process.exitCode = 1;
}
