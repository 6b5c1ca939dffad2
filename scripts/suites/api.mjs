// The public API: what is exported is what is committed in api/, and its documentation has no loose end.

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { subpaths } from '../package/exports.mjs';
import { runHostTool } from '../package/hosts.mjs';
import { abandonedLists, apiLists, manualPages, requireCommitted } from '../package/lists.mjs';
import { requireSuccess, runTests } from './result.mjs';
import { compiledSources } from './typescript.mjs';

/** Two tests, one for each subpath that is exported, and one for each page of the manual. */
export async function api({ parts, folder }) {
  await compiledSources();
  const lists = await apiLists();
  const comparisons = lists.map((list) => [
    `the exported names and signatures are those of ${list[0]}`,
    [],
    () => requireCommitted(list),
  ]);
  const pages = manualPages().map((page) => [`${page[0]} is made of the commands`, [], () => requireCommitted(page)]);
  return runTests(
    [
      ...comparisons,
      ...pages,
      ['api/ has no list of a subpath that is not exported', [], () => assert.deepEqual(abandonedLists(lists), [])],
      ['typedoc has no warning', ['hosts'], () => documentation(join(folder, 'typedoc'))],
    ],
    parts,
  );
}

async function documentation(folder) {
  const sources = subpaths().map(({ types }) => types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts'));
  const outcome = await runHostTool('typedoc', 'typedoc', ['--options', 'typedoc.json', '--out', folder, ...sources]);
  requireSuccess(outcome, 'typedoc');
  assert.match(readFileSync(join(folder, 'index.html'), 'utf8'), /Sealwright/i);
}
