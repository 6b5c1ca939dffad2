// What a suite reports: `{passed, failed, skipped: [{name, why}], output}`, where `output` is what a reader needs to see
// of the failures, empty when there are none.

/** The result of a suite that is one test, from what `run` gave. */
export function oneTest({ code, output }) {
  return code === 0 ? passedOnce() : failedOnce(output);
}

export const passedOnce = () => ({ passed: 1, failed: 0, skipped: [], output: '' });

export const failedOnce = (output) => ({ passed: 0, failed: 1, skipped: [], output });

export const skippedOnce = (name, why) => ({ passed: 0, failed: 0, skipped: [{ name, why }], output: '' });

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
