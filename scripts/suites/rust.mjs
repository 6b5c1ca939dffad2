// Formatting, lints and tests of the crates.

import { run } from '../run.mjs';
import { oneTest, skippedOnce, sum, withExitCode } from './result.mjs';

/** One test: every crate is formatted as `cargo fmt` does it. */
export async function rustfmt({ parts }) {
  if (!parts.has('rustfmt')) return skippedOnce('cargo fmt', 'needs rustfmt');
  return oneTest(await run('cargo', ['fmt', '--all', '--check', '--', '--color', 'never']));
}

/**
 * One test: clippy has nothing to say. Only where it is asked for: a newer one than ours says other things of the same
 * sources, and whoever tries whether they work has waited a minute for it. Everything is looked at once, with the feature,
 * which changes nothing but a few lines that stand between the writer and the standard library.
 */
export async function clippy({ parts, required, chosen }) {
  if (!parts.has('clippy')) return skippedOnce('cargo clippy', 'needs clippy');
  const isAsked = required.includes('clippy') || chosen.includes('clippy');
  if (!isAsked) return skippedOnce('cargo clippy', 'npm run lint asks for it');
  return oneTest(await run('cargo', ['clippy', '--workspace', '--all-targets', ...MODEL, '--locked', '--', '-D', 'warnings']));
}

/** The writer under a scheduler that decides which thread goes on. */
const MODEL = ['--features', 'sealwright-core/model'];

/** Tests that are ignored in their source, by the part that they need. */
const IGNORED = {
  shared: ['the_914_cases_of_cctv'],
  strace: ['the_calls_of_the_real_file_survive', 'the_calls_of_real_rotations_survive'],
};

/**
 * The tests of the crates, those in their documentation included; an ignored test counts as skipped. Those that need a
 * part are ignored in their source, and run where the part is there.
 */
export async function cargoTests({ parts }) {
  const absent = Object.keys(IGNORED).filter((part) => !parts.has(part));
  const skipped = absent.flatMap((part) => IGNORED[part]).flatMap((name) => ['--skip', name]);
  const includesIgnored = absent.length < Object.keys(IGNORED).length;
  const ignored = includesIgnored ? ['--', '--include-ignored', ...skipped] : [];
  const crates = counted(await run('cargo', ['test', '--workspace', '--locked', '--no-fail-fast', ...ignored]));
  if (includesIgnored) {
    absent.forEach((part) => crates.skipped.push(...IGNORED[part].map((name) => ({ name, why: `needs ${part}` }))));
  }
  // Of the workspace, like the others: what both depend on has the same features then, and is compiled once.
  const what = ['--workspace', ...MODEL, '--test', 'model'];
  const model = await run('cargo', ['test', ...what, '--locked', '--no-fail-fast', '--', '--nocapture']);
  const schedules = [...model.stdout.matchAll(/: (\d+) schedules$/gm)].map(([, number]) => Number(number));
  const explored = schedules.reduce((total, number) => total + number, 0);
  const table = `model: ${explored} schedules of ${schedules.length} scenarios`;
  return { ...sum([crates, counted(model)]), table };
}

function counted(outcome) {
  const result = { passed: 0, failed: 0, skipped: [], output: '' };
  for (const [, passed, failed] of outcome.stdout.matchAll(/^test result: .*? (\d+) passed; (\d+) failed;/gm)) {
    result.passed += Number(passed);
    result.failed += Number(failed);
  }
  for (const [, name, reason] of outcome.stdout.matchAll(/^test (.+?) \.\.\. ignored(?:, (.+))?$/gm)) {
    result.skipped.push({ name, why: reason ?? 'ignored in its source' });
  }
  if (result.failed > 0) result.output = withoutPasses(outcome.output);
  return withExitCode(result, outcome);
}

const withoutPasses = (output) =>
  output
    .split('\n')
    .filter((line) => !/^test .* \.\.\. ok$|^ +(Compiling|Fresh|Running|Doc-tests) |^running \d+ tests?$/.test(line))
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n');
