// Tests that need something a machine may not have (strace, root, another system's data) say so with `testWith`. They
// are skipped by name where it is absent; scripts/parts.mjs tells what the parts are.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { projectRoot } from './project.mts';

export { projectRoot };

/** A name of scripts/parts.mjs. */
export type Part =
  | 'clippy'
  | 'rustfmt'
  | 'python'
  | 'cryptography'
  | 'gzip'
  | 'openssl'
  | 'strace'
  | 'zstd'
  | 'unprivileged'
  | 'mount'
  | 'loop'
  | 'peer'
  | 'zig'
  | 'hosts'
  | 'groff'
  | 'bash'
  | 'zsh'
  | 'fish'
  | 'chromium'
  | 'go'
  | 'signer'
  | 'tessera'
  | 'wasm'
  | 'large'
  | 'shared';

interface PartsModule {
  detectParts(): string[];
  makeParts(): Promise<string[]>;
  unshareArguments(): string[] | undefined;
  chromiumPath(): string | undefined;
  peerPython(): string | undefined;
  readonly oraclePath: string;
  readonly signerPath: string;
  readonly tesseraPath: string;
}

type Implementation = (t: ExecutionContext) => unknown;

const partsModule = (await import(pathToFileURL(join(projectRoot, 'scripts', 'parts.mjs')).href)) as PartsModule;

// `npm test` has looked already and passes the answer on.
const present = new Set(process.env['SEALWRIGHT_PARTS']?.split(',') ?? [...partsModule.detectParts(), ...(await partsModule.makeParts())]);

/** Whether this machine has the part. */
export function part(name: Part): boolean {
  return present.has(name);
}

/** The arguments with which `unshare` gives a program mounts of its own; only with the part `mount`. */
export function unshareArguments(): string[] {
  return partsModule.unshareArguments() ?? [];
}

/** The Python program that has the peer's package; only with the part `peer`. */
export function peerPython(): string {
  return partsModule.peerPython() ?? '';
}

/** Where the browser is; only with the part `chromium`. */
export function chromiumPath(): string {
  return partsModule.chromiumPath() ?? '';
}

/** The signer agent's program, only with the part `signer`; the oracle's, only with `go`; Tessera's, only with `tessera`. */
export const { oraclePath, signerPath, tesseraPath } = partsModule;

/** Registers a test that needs `parts`; where one is absent it is skipped, its title ending in `[needs <part>]`. */
export function testWith(parts: Part[], title: string, implementation: Implementation): void {
  register(parts, title, implementation, test, test.skip);
}

/** The same for a test that runs before the others of its file, one at a time. */
testWith.serial = (parts: Part[], title: string, implementation: Implementation): void => {
  register(parts, title, implementation, test.serial, test.serial.skip);
};

type Register = (title: string, implementation: Implementation) => void;

function register(parts: Part[], title: string, implementation: Implementation, run: Register, skip: Register): void {
  const absent = parts.filter((name) => !part(name));
  if (absent.length === 0) run(title, implementation);
  else skip(`${title} [needs ${absent.join(', ')}]`, implementation);
}
