// The viewer in dist/: built where Rust can compile to WebAssembly, after compileSources, which empties dist/.

import { step } from './setup.mjs';
import { buildWasm } from './wasm.mjs';

/** Builds it. Whether it is there then; where not, a line has said why. */
export async function addViewer() {
  if (!(await buildWasm())) return false;
  // Of dependencies that may just have been installed.
  const { buildViewer } = await import('../viewer/build.mjs');
  await step('viewer', buildViewer);
  return true;
}
