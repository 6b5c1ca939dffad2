// npm run demo: builds what is missing, lets the example agent record into an empty folder and the example auditor
// verify what it finds there. The folder stays, so that its ledgers can be looked at; the next run empties it.

import { mkdirSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import { duration, inProject, projectRoot, runAttached, runTsc } from './run.mjs';
import { compileSources, prepare, reportSetupError, step } from './setup.mjs';

const examples = ['agent-backend', 'auditor'];
const folder = inProject('tmp', 'demo');
const started = Date.now();

try {
  await prepare();
  await step('TypeScript', compileSources);
  await step('examples', compileExamples);
  process.exitCode = await runExamples();
} catch (error) {
  reportSetupError(error);
  console.log('demo: failed before it began');
  process.exitCode = 1;
}

function compileExamples() {
  rmSync(inProject('build', 'examples'), { recursive: true, force: true });
  return runTsc(['-p', 'tsconfig.examples.json']);
}

async function runExamples() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of examples) {
    console.log(`\n== examples/${name}.mts`);
    const code = await runAttached(process.execPath, [inProject('build', 'examples', `${name}.mjs`), folder]);
    if (code !== 0) {
      console.log(`\ndemo: failed, examples/${name}.mts ended with exit code ${code}`);
      return 1;
    }
  }
  const files = relative(projectRoot, folder);
  console.log(`\ndemo: ok, ${examples.join(' and ')} ran to their end in ${duration(Date.now() - started)}, files in ${files}`);
  return 0;
}
