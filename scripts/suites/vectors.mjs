// The golden vectors: recomputed by an independent program, and generated again without a difference.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inProject, run, targetFolder } from '../run.mjs';
import { failedOnce, oneTest, passedOnce, skippedOnce, sum } from './result.mjs';

const shownDifferences = 20;

/** Two tests. */
export async function vectors({ parts, folder }) {
  return sum([await recomputed(parts), await regenerated(join(folder, 'vectors'))]);
}

async function recomputed(parts) {
  const absent = ['python', 'cryptography'].filter((name) => !parts.has(name));
  if (absent.length > 0) return skippedOnce('vectors/check.py', `needs ${absent.join(', ')}`);
  return oneTest(await run('python3', [inProject('vectors', 'check.py')]));
}

async function regenerated(folder) {
  // Of the workspace, where the tests of the crates have built it already.
  const built = await run('cargo', ['build', '--workspace', '--locked', '--example', 'gen_vectors']);
  if (built.code !== 0) return failedOnce(built.output);
  const outcome = await run(join(targetFolder, 'debug', 'examples', 'gen_vectors'), [folder]);
  if (outcome.code !== 0) return failedOnce(outcome.output);
  const names = filesIn(folder);
  if (names.length === 0) return failedOnce('gen_vectors wrote no file\n');
  const differences = names.flatMap((name) => difference(name, join(folder, name)));
  if (differences.length === 0) return passedOnce();
  const more = differences.length - shownDifferences;
  return failedOnce(
    ['gen_vectors no longer gives the committed bytes (after an intended change: `npm run vectors`)']
      .concat(differences.slice(0, shownDifferences), more > 0 ? `and ${more} more` : [], '')
      .join('\n'),
  );
}

function difference(name, generated) {
  const committed = inProject('vectors', name);
  if (!existsSync(committed)) return [`vectors/${name}: not committed`];
  return readFileSync(committed).equals(readFileSync(generated)) ? [] : [`vectors/${name}: differs`];
}

/** Paths of the files below a folder, relative to it. */
function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}
