// The viewer's engine in Node.js; only with the part `wasm`.

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ByteSource, Engine } from '../../viewer/engine.ts';
import { type Instantiate, makeEngine } from '../../viewer/engine/make.ts';
import { Failure } from '../../viewer/failure.ts';
import { projectRoot } from './project.mts';

const folder = join(projectRoot, 'target', 'wasm');

/** A new engine. */
export async function testEngine(): Promise<Engine> {
  const { instantiate } = (await import(pathToFileURL(join(folder, 'engine.mjs')).href)) as { instantiate: Instantiate };
  return makeEngine(instantiate, readFileSync(join(folder, 'engine.wasm')));
}

/** Bytes as a file. */
export function sourceOf(name: string, bytes: Uint8Array): ByteSource {
  return { name, length: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/** A file of the system. */
export function sourceAt(path: string): ByteSource {
  return sourceOf(basename(path), readFileSync(path));
}

/** What an engine, or the native side, came to. */
export interface Outcome {
  readonly report?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
}

/** What a call of an engine came to. */
export function outcomeOf(call: () => { readonly report: unknown }): Outcome {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, report } = error;
    return { code, message, ...(report === undefined ? {} : { report }) };
  }
}
