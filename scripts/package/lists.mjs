// What is committed about the package, so that a change of it is a decision: the public API and the files of the tarball
// in api/, the titles of the documentation's examples there too, THIRD_PARTY.md, and the manual of the command line. `npm
// run api` writes all of it.

import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { inProject } from '../run.mjs';
import { difference } from './difference.mjs';
import { exportedApi } from './exports.mjs';
import { thirdPartyText } from './third-party.mjs';

/** The lists of the public API: a `[path, text]` for each subpath that is exported. dist/ must be compiled. */
export async function apiLists() {
  const entries = await exportedApi();
  return entries.map(({ specifier, text }) => [`api/${specifier.replaceAll('/', '-')}.txt`, text]);
}

/** The list of a tarball's files. */
export function fileList(files) {
  const names = files.map(({ path }) => path);
  return ['api/package-files.txt', `${names.toSorted().join('\n')}\n`];
}

/** The list of the documentation's examples: page, the heading each stands under, its language and marks. */
export function exampleList(examples) {
  const titles = examples.map(({ page, heading, words }) => `${page}, ${heading}: ${words.join(' ')}\n`);
  return ['api/examples.txt', titles.join('')];
}

/** The licences of what is in the package. */
export const licenseList = async () => ['THIRD_PARTY.md', await thirdPartyText()];

/** The manual of the command line, made of its commands. dist/ must be compiled. */
export function manualPages() {
  const load = createRequire(inProject('package.json'));
  const { commands } = load('./dist/cli/commands/index.js');
  const { manualMarkdown, manualRoff } = load('./dist/cli/manual.js');
  const { version } = load('./package.json');
  return [
    ['docs/cli.md', manualMarkdown(commands)],
    ['docs/sealwright.1', manualRoff(commands, version)],
  ];
}

/** Throws unless a committed list is the one given; `output` of the error is the difference. */
export function requireCommitted([path, text]) {
  const committed = existsSync(inProject(path)) ? readFileSync(inProject(path), 'utf8') : '';
  if (committed === text) return;
  const error = new Error(`${path} is not up to date (after an intended change: \`npm run api\`)`);
  throw Object.assign(error, { output: difference(committed, text) });
}

/** Lists of the API in api/ that no subpath stands for. */
export function abandonedLists(lists) {
  const known = new Set([...lists.map(([path]) => path), 'api/package-files.txt', 'api/examples.txt']);
  return readdirSync(inProject('api'))
    .map((name) => `api/${name}`)
    .filter((path) => !known.has(path));
}

/** Writes a list into the project. */
export function writeList([path, text]) {
  mkdirSync(dirname(inProject(path)), { recursive: true });
  writeFileSync(inProject(path), text);
}
