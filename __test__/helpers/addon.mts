// The native side itself, for what the public functions put something in front of: texts that no JavaScript value has,
// and bytes that arrive in pieces of any size.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectRoot } from './parts.mts';

type Addon = typeof import('../../index.js');

const require = createRequire(import.meta.url);

/** What `src/native.ts` loads. */
export const { native } = require(join(projectRoot, 'dist', 'native.js')) as { native: Addon };

/** What a native failure says: `!` and JSON in the message of an error. */
export function failureOf(error: unknown): Record<string, unknown> {
  const text = error instanceof Error ? error.message : String(error);
  if (!text.startsWith('!')) throw new Error(`not a failure of the native side: ${text}`);
  return JSON.parse(text.slice(1)) as Record<string, unknown>;
}
