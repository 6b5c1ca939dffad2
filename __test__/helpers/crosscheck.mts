// The rooms of crosscheck that it does not export, for tests of one rule at a time; and what two verifiers said, in a
// form that can be compared.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ChainError, type ChainReport } from 'sealwright';
import { projectRoot } from './project.mts';

const require = createRequire(import.meta.url);

interface Rooms {
  readonly canonical: typeof import('../../dist/crosscheck/canonical.js');
  readonly ed25519: typeof import('../../dist/crosscheck/ed25519.js');
  readonly json: typeof import('../../dist/crosscheck/json.js');
  readonly line: typeof import('../../dist/crosscheck/line.js');
  readonly sha256: typeof import('../../dist/crosscheck/sha256.js');
  readonly source: typeof import('../../dist/crosscheck/source.js');
}

/** A file of src/crosscheck. */
export function room<Name extends keyof Rooms>(name: Name): Rooms[Name] {
  return require(join(projectRoot, 'dist', 'crosscheck', `${name}.js`)) as Rooms[Name];
}

/** A report, or an error with the report of the lines before, word for word. */
export type Outcome = Readonly<Record<string, unknown>>;

export async function outcomeOf(verify: () => Promise<ChainReport> | ChainReport): Promise<Outcome> {
  try {
    return { ...(await verify()).toJSON() };
  } catch (error) {
    const { name, code, message, line, byteOffset, report } = error as ChainError;
    // What is wrong with an argument or a file is said in other words.
    if (!ChainError.is(error)) return { error: name, code };
    return { error: name, code, message, line, byteOffset, report: { ...report?.toJSON() } };
  }
}
