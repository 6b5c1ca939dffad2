// The verifier as a WebAssembly module, for the viewer: crates/wasm, compiled into target/wasm. `node scripts/wasm.mjs`
// builds it unless it is there and nothing that it is made of has changed, and exits with 1 where it cannot be built.

import { existsSync, utimesSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inProject, run, runAttached } from './run.mjs';
import { modified, newestSource, reportSetupError, requireRust, shortPathFlags, step } from './setup.mjs';

/** The module, and the JavaScript that belongs to it. */
export const wasmFiles = {
  module: inProject('target', 'wasm', 'engine.wasm'),
  script: inProject('target', 'wasm', 'engine.mjs'),
};

const rustTarget = 'wasm32-unknown-unknown';
const crate = inProject('crates', 'wasm');
const targetFolder = inProject('target');
const toolFolder = inProject('target', 'bindgen');

// A viewer needs no randomness: whoever asks for some is refused.
const flags = ['--cfg', 'getrandom_backend="unsupported"'];

/** Builds the module unless it is there and up to date. Whether it is there then; where not, a line has said why. */
export async function buildWasm() {
  return (await runAttached(process.execPath, [fileURLToPath(import.meta.url)])) === 0;
}

/** Whether it is there. */
async function build() {
  const started = new Date();
  if (isFresh()) return true;
  await requireRust();
  if (!(await hasTarget())) {
    console.log(`set-up: no viewer is built: Rust's target is missing (rustup target add ${rustTarget})`);
    return false;
  }
  await step('WebAssembly module (the first build takes two minutes)', compile);
  // Dated back to the start: a source saved while the compiler ran is newer, and is compiled the next time.
  for (const file of Object.values(wasmFiles)) utimesSync(file, started, started);
  return true;
}

function isFresh() {
  const newest = Math.max(newestSource([inProject('crates', 'core'), crate], []), modified(fileURLToPath(import.meta.url)));
  return Object.values(wasmFiles).every((file) => existsSync(file) && modified(file) >= newest);
}

async function hasTarget() {
  const { code, stdout } = await run('rustc', ['--print', 'target-libdir', '--target', rustTarget]);
  return code === 0 && existsSync(stdout.trim());
}

async function compile() {
  // In this variable, since it is the one that no other takes precedence over.
  const encoded = [...(await shortPathFlags()), ...flags].join('\x1f');
  const env = { CARGO_ENCODED_RUSTFLAGS: encoded };
  const what = ['-p', 'sealwright-wasm', '--target', rustTarget, '--target-dir', targetFolder];
  const module = await run('cargo', ['build', '--release', '--locked', ...what], { env });
  if (module.code !== 0) return module;
  const tool = ['--locked', '--quiet', '--manifest-path', inProject('crates', 'wasm', 'bindgen', 'Cargo.toml'), '--target-dir'];
  const compiled = inProject('target', rustTarget, 'release', 'sealwright_wasm.wasm');
  return run('cargo', ['run', ...tool, toolFolder, '--', compiled, inProject('target', 'wasm')]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    if (!(await build())) process.exitCode = 1;
  } catch (error) {
    reportSetupError(error);
    process.exitCode = 1;
  }
}
