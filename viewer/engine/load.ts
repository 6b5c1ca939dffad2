/*
 * The engine where it is bundled: in the viewer's worker. esbuild takes `sealwright-wasm` for `target/wasm/engine.mjs`.
 */

import { instantiate } from 'sealwright-wasm';
import type { Engine } from '../engine.js';
import { makeEngine } from './make.js';

/** Makes an engine of the bytes of `target/wasm/engine.wasm`, or of the compiled module. */
export function loadEngine(module: object): Engine {
  return makeEngine(instantiate, module);
}
