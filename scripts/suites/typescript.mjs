// Type checks, lints and tests of the TypeScript, and the generated types of the native seam.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { inProject, runTool, runTsc } from '../run.mjs';
import { compileSources, generatedTypes } from '../setup.mjs';
import { wasmFiles } from '../wasm.mjs';
import { failedOnce, oneTest, passedOnce, sum, withExitCode } from './result.mjs';

/** An action that is done once a run, however often it is asked for. */
export const once = (action) => {
  let result;
  return (...args) => (result ??= action(...args));
};

/** dist/, compiled once a run: the type check, ava and the README's examples all need it. The viewer, where it can be built. */
export const compiledSources = once(async () => {
  const compiled = await compileSources();
  if (compiled.code !== 0 || !existsSync(wasmFiles.module)) return compiled;
  const { buildViewer } = await import('../../viewer/build.mjs');
  return buildViewer();
});

/** build/, which holds the compiled tests and examples, emptied first so that no deleted test goes on running. */
const compiledTests = once(async () => {
  await compiledSources();
  rmSync(inProject('build'), { recursive: true, force: true });
  return runTsc(['-p', 'tsconfig.test.json']);
});

/** Three tests: src/, the tests with the examples and the viewer have no type errors. */
export async function types() {
  const sources = await compiledSources();
  const viewer = runTsc(['-p', 'viewer/tsconfig.json']);
  return sum([oneTest(sources), oneTest(await compiledTests()), oneTest(await viewer)]);
}

/** One test: oxlint has nothing to say. */
export async function oxlint() {
  return oneTest(await runTool('oxlint', 'oxlint', ['--deny-warnings', '--report-unused-disable-directives']));
}

/** One test: the committed index.d.ts is what the build generates. */
export async function nativeTypes() {
  const committed = readFileSync(inProject('index.d.ts'));
  if (committed.equals(readFileSync(generatedTypes))) return passedOnce();
  return failedOnce('index.d.ts is not what the build of the addon generates: run `npm run build` and commit it\n');
}

/** The tests in __test__. They run even when a type check has failed: tsc writes what it compiled all the same. */
export async function ava({ parts }) {
  await compiledTests();
  const env = { SEALWRIGHT_PARTS: [...parts].join(','), TERM: 'xterm-256color' };
  const outcome = await runTool('ava', 'ava', [], { env });
  const result = readReport(outcome.stdout);
  result.table = tableRows(outcome.stdout);
  if (result.failed > 0) {
    const lines = outcome.stdout.split('\n').filter((line) => !/^ {2}(✔|- \[skip\]) /.test(line));
    // What the tests printed themselves may explain a failure.
    result.output = [...lines, outcome.stderr].join('\n');
  }
  return withExitCode(result, outcome);
}

/** What tests logged to be read by whoever runs them: rows of a table, by their first sign. Sorted, as tests are not. */
function tableRows(text) {
  const rows = [...text.matchAll(/^ {4}ℹ (\| .*)$/gm)].map(([, row]) => row);
  return rows.toSorted().join('\n');
}

/**
 * Counts what ava reports, a line each: `✔ title`, `- [skip] title`, `- [todo] title`, `✘ [fail]: title message`, and
 * `✘ ...` or `Uncaught exception in ...` for a file that broke down. The TAP that ava can print instead says of a failure
 * neither the line nor the stack. TERM above keeps ava from plainer signs.
 */
function readReport(text) {
  const result = { passed: 0, failed: 0, skipped: [], output: '' };
  // Below the rule stand the failures once more, in detail.
  for (const line of text.split(/^ {2}─$/m)[0].split('\n')) {
    const [, sign, title] = /^ {2}(✔|✘|- \[skip\]|- \[todo\]|Uncaught exception|Unhandled rejection) (.*)$/.exec(line) ?? [];
    if (sign === undefined) continue;
    if (sign === '✔') result.passed += 1;
    else if (sign === '- [todo]') result.skipped.push({ name: title, why: 'not written yet' });
    else if (sign === '- [skip]') result.skipped.push(skippedTest(title));
    else result.failed += 1;
  }
  return result;
}

/** A test that was skipped for a part has the part at the end of its title (__test__/helpers/parts.mts). */
function skippedTest(title) {
  const [, name = title, why = 'skipped in its source'] = /^(.*) \[(needs [^\]]+)\]$/.exec(title) ?? [];
  return { name, why };
}
