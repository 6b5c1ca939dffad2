// What every command needs first: dependencies, the native addon and the compiled TypeScript. Each step is skipped when
// nothing it depends on has changed. Nothing is written outside the project, the caches of npm and cargo aside.

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { compareVersions, neededGlibc } from './package/elf.mjs';
import { hasZig, linkedByZig, oldestGlibc } from './package/zig.mjs';
import { duration, inProject, projectRoot, run, runNpm, runTool, runTsc, temporaryFolder } from './run.mjs';

/** A step of the set-up that did not succeed. `output` is what the failing command printed. */
export class SetupError extends Error {
  constructor(message, output = '') {
    super(message);
    this.name = 'SetupError';
    this.output = output;
  }
}

/**
 * The types of the native seam as the last build of the addon generated them. They are kept apart from the committed
 * `index.d.ts`, so that a difference between the two shows; `npm run build` copies them over.
 */
export const generatedTypes = inProject('target', 'index.d.ts');

const rustAdvice = 'install Rust from https://rustup.rs and run this again';

/** Dependencies and addon. Throws a SetupError that names the step. */
export async function prepare() {
  await requireTools();
  await installDependencies();
  await updateAddon();
}

/** Node, and Rust where the addon has to be built: what is missing is said before anything is done that takes a while. */
export async function requireTools() {
  requireNode();
  mkdirSync(temporaryFolder, { recursive: true });
  if (addonIsStale()) await requireRust();
}

/** Compiles src/ into dist/, which is emptied first. Resolves with the result of `run`; type errors are its output. */
export async function compileSources() {
  rmSync(inProject('dist'), { recursive: true, force: true });
  const compiled = await runTsc(['-p', 'tsconfig.json']);
  if (compiled.code !== 0) return compiled;
  const bundled = await bundleVendored();
  if (bundled.code !== 0) return bundled;
  // A dependency that may just have been installed.
  const { buildReport } = await import('../viewer/report/bundle.mjs');
  return buildReport();
}

/** Files of src/ that are replaced by a bundle of what they export, so that the package depends on none of it. */
export const vendorFiles = ['cli/prompts', 'cli/vendor', 'evidence/vendor', 'proofs/timestamp/vendor', 'tokens/vendor'];

/** Puts these libraries into the package. */
function bundleVendored() {
  const where = [...vendorFiles.map((name) => `src/${name}.ts`), '--outdir=dist', '--outbase=src', '--allow-overwrite'];
  const how = ['--bundle', '--platform=node', '--target=node20.19', '--format=cjs', '--log-level=warning'];
  return runTool('esbuild', 'esbuild', [...where, ...how, '--legal-comments=none']);
}

/** Runs one step with a line that names it and ends in how long it took, since it `started` where that was before. */
export async function step(title, action, started = Date.now()) {
  process.stdout.write(`set-up: ${title} ... `);
  const result = await action().catch((error) => ({ code: 1, output: error.stack }));
  process.stdout.write(`${result.code === 0 ? duration(Date.now() - started) : 'failed'}\n`);
  if (result.code !== 0) throw new SetupError(`${title} failed`, result.output);
}

/** Prints why the set-up failed. For the end of a script. */
export function reportSetupError(error) {
  if (!(error instanceof SetupError)) return void console.log(error.stack);
  if (error.output) process.stdout.write(`\n${error.output.trimEnd()}\n\n`);
  process.stdout.write(`set-up: ${error.message}\n`);
}

/** Throws a SetupError unless cargo is there and its compiler is at least Cargo.toml's `rust-version`. */
export async function requireRust() {
  const wanted = /^rust-version = "([\d.]+)"$/m.exec(readFileSync(inProject('Cargo.toml'), 'utf8'))?.[1] ?? '0';
  for (const program of ['cargo', 'rustc']) {
    const { code, missing, output } = await run(program, ['--version']);
    if (missing) throw new SetupError(`${program} was not found on PATH; Rust ${wanted} or newer is needed: ${rustAdvice}`);
    if (code !== 0) throw new SetupError(`${program} --version failed; Rust ${wanted} or newer is needed`, output);
    const found = /\d+\.\d+\.\d+/.exec(output)?.[0] ?? '0';
    if (olderThan(found, wanted)) {
      throw new SetupError(`Rust ${wanted} or newer is needed, ${program} is ${found}: run \`rustup update\``);
    }
  }
}

function requireNode() {
  const { engines } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const wanted = engines.node.replace('>=', '');
  if (olderThan(process.versions.node, wanted)) {
    throw new SetupError(`Node.js ${wanted} or newer is needed, this is ${process.versions.node}`);
  }
}

function olderThan(version, wanted) {
  const [have, need] = [version, wanted].map((text) => text.split('.').map(Number));
  for (const [index, number] of need.entries()) {
    if ((have[index] ?? 0) !== number) return (have[index] ?? 0) < number;
  }
  return false;
}

/** What package-lock.json names, unless it is installed. `begun`: by this, which runs already. */
export async function installDependencies(begun = beginInstallation()) {
  if (begun !== undefined) await step('npm ci', () => begun.outcome, begun.started);
}

/** Begins to install the dependencies, which mostly waits for the network, unless they are there. */
export function beginInstallation() {
  const lock = inProject('package-lock.json');
  // npm writes this file last, so an interrupted install leaves none.
  const installed = inProject('node_modules', '.package-lock.json');
  // An install without development dependencies has the file but not the compiler.
  const complete = existsSync(installed) && existsSync(inProject('node_modules', 'typescript-7'));
  if (complete && modified(installed) >= modified(lock)) return undefined;
  // NODE_ENV=production or a user's `omit=dev` would leave the tools out.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  mkdirSync(temporaryFolder, { recursive: true });
  const outcome = runNpm(args).catch((error) => ({ code: 1, output: error.stack }));
  return { started: Date.now(), outcome };
}

/** The addon, unless it is there and newer than all that it is made of. `begun`: by this, which runs already. */
export async function updateAddon(begun = beginAddon()) {
  if (begun === undefined) return;
  await step('native addon (the first build takes a minute or two)', () => begun.outcome, begun.started);
  const built = findAddons();
  if (built.length === 0) throw new SetupError('napi build left no addon for this platform in the project folder');
  // Dated back to the start: a source saved while the compiler ran is newer, and is compiled the next time.
  const started = new Date(begun.started);
  for (const file of [generatedTypes, ...built]) utimesSync(file, started, started);
}

/** Begins to compile the addon, as soon as this `installation` of the dependencies has ended, unless it is there. */
export function beginAddon(installation) {
  if (!addonIsStale()) return undefined;
  const outcome = compileAddon(installation).catch((error) => ({ code: 1, output: error.stack }));
  return { started: Date.now(), outcome };
}

function addonIsStale() {
  const addons = findAddons();
  const sources = newestSource([inProject('crates')], [inProject('crates', 'signer'), inProject('crates', 'wasm')]);
  const isOld = (file) => !existsSync(file) || modified(file) < sources;
  return addons.length === 0 || [generatedTypes, ...addons].some(isOld) || (hasZig() && !addons.every(isForRelease));
}

/** Whether an addon for Linux loads on every system that it is released for; one that zig did not link does not. */
function isForRelease(addon) {
  return compareVersions(neededGlibc(readFileSync(addon)), oldestGlibc) <= 0;
}

async function compileAddon(installation) {
  const installed = await installation?.outcome;
  if (installed !== undefined && installed.code !== 0) return installed;
  const args = ['build', '--platform', '--release', '--manifest-path', 'crates/node/Cargo.toml', '--output-dir', '.'];
  const output = ['--no-js', '--dts', 'target/index.d.ts', '--', '--locked'];
  mkdirSync(inProject('target'), { recursive: true });
  const linked = hasZig() ? linkedByZig() : { args: [], env: {} };
  const all = [...args, ...linked.args, ...output, ...(await shortPaths())];
  return runTool('@napi-rs/cli', 'napi', all, { env: linked.env });
}

/**
 * Arguments of `cargo build` that keep this machine's folders out of an addon: the places that panics name would show
 * them. An environment variable RUSTFLAGS takes precedence over these.
 */
export async function shortPaths() {
  // JSON strings are TOML strings.
  return ['--config', `target.'cfg(all())'.rustflags=${JSON.stringify(await shortPathFlags())}`];
}

/** The same as arguments of the compiler, for sources below `root`. */
export async function shortPathFlags(root = projectRoot) {
  const { stdout } = await run('rustc', ['--print', 'sysroot']);
  const folders = [
    [root, 'sealwright'],
    [join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src'), 'crates'],
    [join(stdout.trim(), 'lib', 'rustlib', 'src', 'rust'), '/rust'],
  ];
  return folders.map(([folder, name]) => `--remap-path-prefix=${folder}=${name}`);
}

/** Addons of this platform in the project folder; there may be one for each libc. */
export function findAddons() {
  const prefix = `sealwright.${process.platform}-${process.arch}`;
  const names = readdirSync(projectRoot).filter((name) => name.startsWith(prefix) && name.endsWith('.node'));
  return names.map((name) => inProject(name));
}

/**
 * When anything that crates are made of last changed, folders included: a deleted file changes only its folder. `besides`
 * are crates that are none of them.
 */
export function newestSource(crates, besides) {
  const aside = new Set(['tests', 'benches', 'examples', 'target', 'fuzz', 'fuzzing']);
  const newestIn = (folder) => {
    let newest = modified(folder);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (!entry.isDirectory()) newest = Math.max(newest, modified(path));
      else if (!aside.has(entry.name) && !besides.includes(path)) newest = Math.max(newest, newestIn(path));
    }
    return newest;
  };
  const manifests = ['Cargo.toml', 'Cargo.lock'].map((name) => inProject(name)).filter((path) => existsSync(path));
  return Math.max(...crates.map(newestIn), ...manifests.map(modified));
}

/** When a file last changed. */
export function modified(path) {
  return statSync(path).mtimeMs;
}
