// The README's examples: every block marked ts or js is compiled and run by bare Node, each in an empty folder of its
// own. A block marked `no-run` is checked only. Blocks in other languages are not looked at.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inProject, run, runTool } from '../run.mjs';
import { failedOnce, passedOnce, sum } from './result.mjs';
import { compiledSources } from './typescript.mjs';

// Inside the project, so that `import 'sealwright'` finds the package itself.
const folder = inProject('snippets');
const timeLimit = 60_000;
const typed = /^([cm]?ts|typescript)$/;
const untyped = /^([cm]?js|javascript)$/;

/** One test a block. */
export async function readme() {
  const blocks = codeBlocks(readFileSync(inProject('README.md'), 'utf8'));
  if (blocks.length === 0) return failedOnce('README.md has no block marked ts or js\n');
  await compiledSources();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const block of blocks) writeFileSync(join(folder, block.source), block.text);
  const typeErrors = await compile(blocks);
  const results = [];
  for (const block of blocks) results.push(await check(block, typeErrors));
  return sum(results);
}

/** The fenced blocks of a Markdown text in the two languages. */
function codeBlocks(markdown) {
  const blocks = [];
  let open;
  for (const [index, line] of markdown.split(/\r?\n/).entries()) {
    const [, indent, fence, information] = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (open === undefined) {
      if (fence !== undefined) open = { indent, fence, words: information.trim().split(/\s+/), line: index + 1, code: [] };
    } else if (fence?.startsWith(open.fence) && information.trim() === '') {
      blocks.push(open);
      open = undefined;
    } else {
      open.code.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    }
  }
  if (open !== undefined) throw new Error(`README.md:${open.line}: the block has no end`);
  return blocks.filter(({ words }) => typed.test(words[0]) || untyped.test(words[0])).map(describe);
}

function describe({ words: [language, ...marks], line, code }) {
  const text = code.join('\n');
  // A block that calls require and imports nothing is CommonJS.
  const kind = /\brequire\(/.test(text) && !/^\s*(import|export)\b/m.test(text) ? 'c' : 'm';
  return {
    title: `README.md:${line}`,
    typed: typed.test(language),
    runs: !marks.includes('no-run'),
    source: `line-${line}.${kind}${typed.test(language) ? 'ts' : 'js'}`,
    script: `line-${line}.${kind}js`,
    // As many empty lines as stand above it in the README: the lines that messages name are then those of the README.
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
  const { output } = await runTool('typescript', 'tsc', ['-p', join(folder, 'tsconfig.json'), '--pretty', 'false']);
  // The further lines of a message are indented.
  return output.split(/\n(?=\S)/).filter((message) => message !== '');
}

async function check(block, typeErrors) {
  // A message without a file is about the configuration and fails every block.
  const errors = typeErrors.filter((message) => message.includes(block.source) || message.startsWith('error '));
  if (block.typed && errors.length > 0) return failedOnce(`${block.title}\n${errors.join('\n')}\n`);
  if (block.typed && !block.runs) return passedOnce();
  const script = join(folder, block.script);
  const cwd = `${script}.cwd`;
  mkdirSync(cwd);
  const { code, output } = await run(process.execPath, block.runs ? [script] : ['--check', script], {
    cwd,
    timeout: timeLimit,
  });
  return code === 0 ? passedOnce() : failedOnce(`${block.title} (exit code ${code})\n${output}`);
}
