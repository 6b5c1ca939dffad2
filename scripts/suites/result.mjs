// What a suite reports: `{passed, failed, skipped: [{name, why}], output}`, where `output` is what a reader needs to see
// of the failures, empty when there are none. A suite may add `table`, which is shown whether or not anything failed.

import { duration } from '../run.mjs';

/** The result of a suite that is one test, from what `run` gave. */
export function oneTest({ code, output }) {
  return code === 0 ? passedOnce() : failedOnce(output);
}

export const passedOnce = () => ({ passed: 1, failed: 0, skipped: [], output: '' });

export const failedOnce = (output) => ({ passed: 0, failed: 1, skipped: [], output });

export const skippedOnce = (name, why) => ({ passed: 0, failed: 0, skipped: [{ name, why }], output: '' });

/**
 * Runs tests one after the other and resolves with the sum of their results. A test is `[title, needs, check]`: it is
 * skipped unless all the parts of the list `needs` are there, and fails when `check` throws.
 */
export async function runTests(tests, parts) {
  const results = [];
  for (const [title, needs, check] of tests) {
    const absent = needs.filter((name) => !parts.has(name));
    if (absent.length > 0) {
      results.push(skippedOnce(title, `needs ${absent.join(', ')}`));
      continue;
    }
    try {
      await check();
      results.push(passedOnce());
    } catch (error) {
      // What a program printed says more than where that was noticed.
      const text = error.output ? `${error.message}\n${error.output}` : error.stack;
      results.push(failedOnce(`${title}\n${text.trimEnd().replaceAll(/^/gm, '  ')}\n`));
    }
  }
  return sum(results);
}

/** Throws unless a program ended well; its output is part of the error. */
export function requireSuccess({ code, output }, what) {
  if (code === 0) return;
  throw Object.assign(new Error(`${what} ended with ${code === null ? 'a signal' : `exit code ${code}`}`), { output });
}

/** Runs a check and adds a row to a table: `cells`, how it went and how long it took. Throws what the check throws. */
export async function timed(rows, cells, check) {
  const started = Date.now();
  let result = 'failed';
  try {
    await check();
    result = 'passed';
  } finally {
    rows.push([...cells, result, duration(Date.now() - started)]);
  }
}

/** The sum of several results, their outputs one after the other. */
export function sum(results) {
  const total = { passed: 0, failed: 0, skipped: [], output: '' };
  for (const { passed, failed, skipped, output } of results) {
    total.passed += passed;
    total.failed += failed;
    total.skipped.push(...skipped);
    if (output) total.output += `${output.trimEnd()}\n`;
  }
  return total;
}

/**
 * A runner may die without saying so in its counts, and a runner that ran nothing has shown nothing: both are one more
 * failure. `output` is then everything the runner printed.
 */
export function withExitCode(result, { code, output }) {
  if (code !== 0 && result.failed === 0) return { ...result, failed: 1, output };
  if (result.passed + result.failed + result.skipped.length === 0) return failedOnce(`${output}\nno test was found\n`);
  return result;
}
