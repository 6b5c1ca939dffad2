/*
 * Finds and loads the native addon.
 *
 * Each platform has its own literal `require`, so that bundlers can trace it. The addon beside this package (a local
 * build) comes first, the platform package `@sealwright/<triple>` second. An addon of another version than this package
 * is refused: what it does may differ. Nothing is spawned, nothing is fetched, and no environment variable is read.
 */

import { join } from 'node:path';
import { SealwrightError } from './errors.js';
import { type Libc, linuxLibc } from './libc.js';

/** The native seam, as generated from the Rust sources. */
export type Addon = typeof import('../index.js');

type Load = () => unknown;

const LOADERS: Readonly<Record<string, { readonly local: Load; readonly packaged: Load }>> = {
  'linux-x64-gnu': {
    local: () => require('../sealwright.linux-x64-gnu.node'),
    packaged: () => require('@sealwright/linux-x64-gnu'),
  },
  'linux-x64-musl': {
    local: () => require('../sealwright.linux-x64-musl.node'),
    packaged: () => require('@sealwright/linux-x64-musl'),
  },
  'linux-arm64-gnu': {
    local: () => require('../sealwright.linux-arm64-gnu.node'),
    packaged: () => require('@sealwright/linux-arm64-gnu'),
  },
  'linux-arm64-musl': {
    local: () => require('../sealwright.linux-arm64-musl.node'),
    packaged: () => require('@sealwright/linux-arm64-musl'),
  },
  'darwin-arm64': {
    local: () => require('../sealwright.darwin-arm64.node'),
    packaged: () => require('@sealwright/darwin-arm64'),
  },
  'darwin-x64': {
    local: () => require('../sealwright.darwin-x64.node'),
    packaged: () => require('@sealwright/darwin-x64'),
  },
  'win32-x64-msvc': {
    local: () => require('../sealwright.win32-x64-msvc.node'),
    packaged: () => require('@sealwright/win32-x64-msvc'),
  },
  'win32-arm64-msvc': {
    local: () => require('../sealwright.win32-arm64-msvc.node'),
    packaged: () => require('@sealwright/win32-arm64-msvc'),
  },
  'win32-x64-gnu': {
    local: () => require('../sealwright.win32-x64-gnu.node'),
    packaged: () => require('@sealwright/win32-x64-gnu'),
  },
  'win32-arm64-gnu': {
    local: () => require('../sealwright.win32-arm64-gnu.node'),
    packaged: () => require('@sealwright/win32-arm64-gnu'),
  },
};

/** The addon. Importing this module throws a {@link SealwrightError} `ERR_ADDON_LOAD` when none can be loaded. */
export const native: Addon = load();

interface Failed {
  readonly tried: string;
  readonly error: unknown;
}

function load(): Addon {
  const libc = process.platform === 'linux' ? linuxLibc() : undefined;
  const failures: Failed[] = [];
  for (const triple of triples(process.platform, process.arch, libc)) {
    const loader = LOADERS[triple];
    if (loader === undefined) continue;
    const attempts: readonly (readonly [tried: string, attempt: Load])[] = [
      [join(__dirname, '..', `sealwright.${triple}.node`), loader.local],
      [`@sealwright/${triple}`, loader.packaged],
    ];
    for (const [tried, attempt] of attempts) {
      try {
        return ofThisVersion(attempt());
      } catch (error) {
        failures.push({ tried, error });
      }
    }
  }
  const errors = failures.map(({ error }) => error);
  throw new SealwrightError('ERR_ADDON_LOAD', explain(libc, failures), { cause: new AggregateError(errors) });
}

/** An addon, unless it is a leftover: a package manager may keep an optional dependency of an earlier install. */
function ofThisVersion(loaded: unknown): Addon {
  const { version: wanted } = require('../package.json') as { readonly version: string };
  const addon = loaded as Addon | undefined;
  const found = typeof addon?.version === 'function' ? addon.version() : undefined;
  if (addon !== undefined && found === wanted) return addon;
  const its = found === undefined ? 'an unknown version' : `version ${found}`;
  throw new Error(`it is of ${its}, this package of ${wanted}`);
}

/** Names of the addons that may fit, best first; some may have no loader. */
function triples(platform: string, arch: string, libc: Libc | undefined): readonly string[] {
  const base = `${platform}-${arch}`;
  if (platform === 'win32') return [`${base}-msvc`, `${base}-gnu`];
  if (libc === undefined) return [base];
  return libc === 'unknown' ? [`${base}-gnu`, `${base}-musl`] : [`${base}-${libc}`];
}

function explain(libc: Libc | undefined, failures: readonly Failed[]): string {
  const where = `platform ${process.platform}, arch ${process.arch}, libc ${libc ?? 'of the system'}`;
  if (failures.length === 0) {
    return `there is no sealwright addon for ${where}; it exists for ${Object.keys(LOADERS).join(', ')}`;
  }
  const attempts = failures.map(({ tried, error }) => `  ${tried}: ${firstLine(error)}`);
  return [`no sealwright addon could be loaded for ${where}; tried`, ...attempts, remedy(failures)].join('\n');
}

function remedy(failures: readonly Failed[]): string {
  const codes = failures.map(({ error }) => (error as { readonly code?: unknown } | null)?.code);
  if (codes.includes('ERR_DLOPEN_DISABLED')) {
    return 'remedy: start Node.js with --allow-addons, without which its permission model loads no addon.';
  }
  return [
    'remedy: install again on this machine with "npm install --include=optional". If a lock file from another platform',
    'or of an earlier version is in the way, delete node_modules and package-lock.json first. A bundler must leave',
    '"sealwright" external. In a clone of the repository, build the addon with "npm run build".',
  ].join('\n');
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? text;
}
