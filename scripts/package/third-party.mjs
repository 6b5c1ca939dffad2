// THIRD_PARTY.md: what others wrote that is inside the package, under which licence, with the texts that go with it. Of the
// addon and of the viewer's module it is made from Cargo's own list of what is linked on the platforms that are released;
// build scripts and macros are not in it. Of dist/ it is made from the bundler's own list of the files that it took.

import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { aliases, globals, replacements } from '../../viewer/worker/aliases.mjs';
import { inProject, projectRoot, run } from '../run.mjs';
import { SetupError, vendorFiles } from '../setup.mjs';
import { platforms } from './platforms.mjs';

/** What is compiled, and for which platform. */
const linked = [
  ...platforms.map(({ rust }) => ['sealwright-node', rust]),
  ['sealwright-wasm', 'wasm32-unknown-unknown'],
];
/** A dependency in name: of what uses it, wasm-bindgen takes another part. */
const notLinked = ['unicode-ident'];

/** The text of THIRD_PARTY.md. */
export async function thirdPartyText() {
  const sorted = await compiledCrates();
  const table = sorted.map(({ name, version, license, taken }) => {
    const choice = taken === license ? '' : ` (taken: ${taken})`;
    return `| ${name} | ${version} | ${license}${choice} |`;
  });
  const texts = sorted.filter(({ taken }) => taken !== 'Apache-2.0').map((crate) => section(crate.name, licenseText(crate)));
  const bundled = await bundledPackages();
  const packages = bundled.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`);
  const packageTexts = bundled.map((found) => section(`${found.name} (npm)`, packageLicenseText(found)));
  return `# Third parties

The native addons and the viewer contain these crates, compiled; some are in the addons of a few platforms only. The text
of Apache-2.0 is in the file \`LICENSE\`; the other licences follow below.

| crate | version | licence |
|---|---|---|
${table.join('\n')}

All also contain parts of the Rust standard library with the crates built into it (Apache-2.0 OR MIT), and the addons, in
released packages, of LLVM's libunwind (Apache-2.0 WITH LLVM-exception) and of zig's compiler_rt (MIT); those for Windows of
mingw-w64's runtime (Zope Public License 2.1) too.

The command line, \`sealwright/evidence\`, \`sealwright/proofs\`, the viewer and its reports contain these npm packages, bundled:

| package | version | licence |
|---|---|---|
${packages.join('\n')}

${[...texts, section('compiler_rt', mitText('Zig contributors')), section('mingw-w64', mingwText()), ...packageTexts].join('\n')}`;
}

/** The crates that are compiled into addon and viewer, by name: what Cargo says of each, and the licence `taken`. */
export async function compiledCrates() {
  const crates = new Map();
  for (const [root, platform] of linked) {
    for (const crate of await linkedCrates(root, platform)) crates.set(`${crate.name} ${crate.version}`, crate);
  }
  return [...crates.values()].toSorted((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));
}

/** The packages whose files are in the bundles, by name: `{name, version, license, folder}`. */
export async function bundledPackages() {
  const node = [...vendorFiles.map((name) => inProject('src', `${name}.ts`)), inProject('viewer', 'report', 'main.ts')];
  const browser = ['page/main.tsx', 'worker/main.ts'].map((name) => inProject('viewer', name));
  const { 'sealwright-wasm': _, ...replaced } = aliases;
  const inputs = [
    ...(await inputsOf({ entryPoints: node, platform: 'node' })),
    ...(await inputsOf({ entryPoints: browser, platform: 'browser', alias: replaced, inject: globals, plugins: [replacements] })),
  ];
  const names = inputs.map((path) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path));
  const folders = new Set(names.filter((found) => found !== null).map(([folder]) => inProject(folder)));
  const found = [...folders].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (!['MIT', 'ISC', 'BSD-3-Clause', '0BSD'].includes(license)) throw new Error(`${name}: its licence is ${license}`);
    return { name, version, license, folder };
  });
  return found.toSorted((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));
}

/** The files that a bundle takes. */
async function inputsOf(options) {
  // Not at the top: scripts are loaded before the dependencies are installed.
  const { build } = await import('esbuild');
  const { metafile } = await build({
    ...options,
    absWorkingDir: projectRoot,
    outdir: 'dist',
    bundle: true,
    // What the viewer's own build makes.
    external: ['sealwright:*', 'sealwright-wasm'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.css': 'empty' },
    write: false,
    metafile: true,
  });
  return Object.keys(metafile.inputs);
}

/** As it lies beside mingw-w64 in zig 0.17.0, which is not on every machine. */
const mingwText = () => readFileSync(inProject('scripts', 'package', 'mingw-w64-license.txt'), 'utf8');

function packageLicenseText({ name, license, folder }) {
  const file = readdirSync(folder).find((candidate) => /^licen[cs]e(\.md|\.txt)?$/i.test(candidate));
  if (file !== undefined) return readFileSync(join(folder, file), 'utf8');
  const { author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const holder = typeof author === 'string' ? author : author?.name;
  if (license !== 'MIT' || holder === undefined) throw new Error(`${name}: its package has no text of ${license}`);
  return mitText(holder.replace(/ <.*>$/, ''));
}

async function linkedCrates(root, platform) {
  const args = ['metadata', '--format-version', '1', '--locked', '--filter-platform', platform];
  const { code, stdout, stderr } = await run('cargo', args);
  if (code !== 0) throw new SetupError('cargo metadata failed', stderr);
  const { packages, resolve } = JSON.parse(stdout);
  const packageOf = new Map(packages.map((crate) => [crate.id, crate]));
  const nodeOf = new Map(resolve.nodes.map((node) => [node.id, node]));
  const found = new Set();
  const visit = (id) => {
    const isMacro = packageOf.get(id).targets.some(({ kind }) => kind.includes('proc-macro'));
    if (isMacro || found.has(id) || notLinked.includes(packageOf.get(id).name)) return;
    found.add(id);
    for (const { pkg, dep_kinds: kinds } of nodeOf.get(id).deps) {
      // Neither for building nor for tests only.
      if (kinds.some(({ kind }) => kind === null)) visit(pkg);
    }
  };
  visit(packages.find(({ name }) => name === root).id);
  return (
    [...found]
      .map((id) => packageOf.get(id))
      // The crates of this project have no source.
      .filter(({ source }) => source !== null)
      .map((crate) => ({ ...crate, taken: takenLicense(crate) }))
  );
}

/** Of several licences to choose from, Apache-2.0 before MIT: its text is in the package anyway. */
function takenLicense({ name, license }) {
  const choices = (license ?? '').split(/ OR |\//);
  const taken = choices.length === 1 ? license : ['Apache-2.0', 'MIT'].find((choice) => choices.includes(choice));
  if (!taken || / AND /.test(taken)) throw new Error(`${name}: which of its licences is taken? ${license}`);
  return taken;
}

function licenseText({ name, taken, authors, manifest_path: manifest }) {
  const folder = dirname(manifest);
  const names = readdirSync(folder);
  const file = [`LICENSE-${taken}`, 'LICENSE', 'LICENSE.md', 'LICENSE.txt'].find((candidate) => names.includes(candidate));
  if (file !== undefined) return readFileSync(join(folder, file), 'utf8');
  if (taken !== 'MIT') throw new Error(`${name}: its package has no text of ${taken}`);
  return mitText(authors.map((author) => author.replace(/ <.*>$/, '')).join(', '));
}

function section(title, text) {
  const lines = text.replaceAll('\r\n', '\n').trim().split('\n');
  return `## ${title}\n\n${lines.map((line) => `    ${line}`.trimEnd()).join('\n')}\n`;
}

const mitText = (holder) => `Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
