// The examples of the README and of the guides: every block marked ts or js is compiled and run by bare Node, each in a
// folder of its own, which is empty or holds the files that its page is about. A block marked `no-run` is checked only.
// Blocks in other languages are not looked at. A block of any language marked `file=PATH` is a quotation: it stands as it is
// in that file, which other tests run.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { exampleList, requireCommitted } from '../package/lists.mjs';
import { inProject, run, runTsc } from '../run.mjs';
import { failedOnce, passedOnce, runTests, sum } from './result.mjs';
import { compiledSources } from './typescript.mjs';

/** Each page, and what its blocks find: the file in their folder, and the one it is a copy of. */
const pages = [
  { page: 'README.md', files: {} },
  { page: 'docs/attesto.md', files: { 'attesto.json': 'vectors/peers/attesto/vectors.json' } },
  { page: 'docs/crosscheck.md', files: { 'ledger.ndjson': 'vectors/chains/all_kinds.ndjson' } },
  { page: 'docs/proofs.md', files: {} },
  { page: 'docs/signer.md', files: {} },
  { page: 'docs/erasure.md', files: {} },
  { page: 'docs/hosts.md', files: {} },
  { page: 'docs/tokens.md', files: { 'qwed.json': 'vectors/peers/qwed/tokens.json' } },
  {
    page: 'docs/timestamps.md',
    files: Object.fromEntries(
      ['checkpoint.txt', 'request.tsq', 'response.tsr', 'authority.pem'].map((name) => [name, `vectors/timestamps/${name}`]),
    ),
  },
  { page: 'docs/witness.md', files: {} },
  {
    page: 'docs/from-provedex.md',
    files: {
      '.provedex/keys/ed25519.key': 'vectors/peers/provedex/key.bin',
      '.provedex/ledger.ndjson': 'vectors/peers/provedex/ledger_200.ndjson',
    },
  },
];
// Inside the project, so that `import 'sealwright'` finds the package itself.
const folder = inProject('snippets');
const timeLimit = 60_000;
const typed = /^([cm]?ts|typescript)$/;
const untyped = /^([cm]?js|javascript)$/;

/** One test a block, and one that no block was lost or added unnoticed. */
export async function readme({ parts }) {
  const blocks = examples().filter(({ quoted }) => quoted === undefined);
  const quotations = examples().filter(({ quoted }) => quoted !== undefined);
  await compiledSources();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const block of blocks) writeFileSync(join(folder, block.source), block.text);
  const typeErrors = await compile(blocks);
  const title = 'the examples are those of api/examples.txt';
  const results = [await runTests([[title, [], () => requireCommitted(exampleList(examples()))]], parts)];
  for (const quotation of quotations) results.push(compareWithFile(quotation));
  for (const block of blocks) results.push(await check(block, typeErrors));
  return sum(results);
}

/** The examples of all pages, each with the heading that it stands under. */
export function examples() {
  return pages.flatMap(codeBlocks);
}

/** The fenced blocks of a page in the two languages. */
function codeBlocks({ page, files }) {
  const blocks = [];
  let heading = '';
  let open;
  for (const [index, line] of readFileSync(inProject(page), 'utf8').split(/\r?\n/).entries()) {
    const [, indent, fence, information] = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (open === undefined) {
      heading = /^#+ (.+)$/.exec(line)?.[1] ?? heading;
      const words = information?.trim().split(/\s+/);
      if (fence !== undefined) open = { heading, indent, fence, words, line: index + 1, code: [] };
    } else if (fence?.startsWith(open.fence) && information.trim() === '') {
      blocks.push(open);
      open = undefined;
    } else {
      open.code.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the block has no end`);
  return blocks.filter(isExample).map((block) => describe(block, page, files));
}

function isExample({ words: [language, ...marks] }) {
  return typed.test(language) || untyped.test(language) || quotedFile(marks) !== undefined;
}

const quotedFile = (marks) => marks.find((mark) => mark.startsWith('file='))?.slice('file='.length);

function describe({ heading, words, line, code }, page, files) {
  const [language, ...marks] = words;
  const text = code.join('\n');
  // A block that calls require and imports nothing is CommonJS.
  const kind = /\brequire\(/.test(text) && !/^\s*(import|export)\b/m.test(text) ? 'c' : 'm';
  const name = `${basename(page, '.md')}-${line}`;
  return {
    page,
    files,
    heading,
    words,
    title: `${page}:${line}`,
    typed: typed.test(language),
    runs: !marks.includes('no-run'),
    quoted: quotedFile(marks),
    source: `${name}.${kind}${typed.test(language) ? 'ts' : 'js'}`,
    script: `${name}.${kind}js`,
    // As many empty lines as stand above it on its page: the lines that messages name are then those of the page.
    text: `${'\n'.repeat(line)}${text}\n`,
  };
}

/** Compiles all TypeScript blocks in one go and returns what tsc said, a message each. */
async function compile(blocks) {
  if (!blocks.some((block) => block.typed)) return [];
  const config = {
    extends: '../tsconfig.test.json',
    compilerOptions: { rootDir: '.', outDir: '.' },
    include: ['*.mts', '*.cts'],
    // By default outDir is left out, which is this folder.
    exclude: [],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { output } = await runTsc(['-p', join(folder, 'tsconfig.json'), '--pretty', 'false']);
  // The further lines of a message are indented.
  return output.split(/\n(?=\S)/).filter((message) => message !== '');
}

function compareWithFile({ title, text, quoted }) {
  const quotation = text.replace(/^\n+/, '');
  const found = `\n${readFileSync(inProject(quoted), 'utf8')}`.includes(`\n${quotation}`);
  return found ? passedOnce() : failedOnce(`${title}\n${quoted} does not have these lines:\n${quotation}`);
}

async function check(block, typeErrors) {
  // A message without a file is about the configuration and fails every block.
  const errors = typeErrors.filter((message) => message.includes(block.source) || message.startsWith('error '));
  if (block.typed && errors.length > 0) return failedOnce(`${block.title}\n${errors.join('\n')}\n`);
  if (block.typed && !block.runs) return passedOnce();
  const script = join(folder, block.script);
  const cwd = `${script}.cwd`;
  mkdirSync(cwd);
  for (const [file, original] of Object.entries(block.files)) cpSync(inProject(original), join(cwd, file));
  const { code, output } = await run(process.execPath, block.runs ? [script] : ['--check', script], {
    cwd,
    timeout: timeLimit,
  });
  return code === 0 ? passedOnce() : failedOnce(`${block.title} (exit code ${code})\n${output}`);
}
