/*
 * doctor(): looks at a machine and at the files that a recorder will use, before or while it records.
 *
 * Each check ends with a code and a remedy, or with neither when nothing is wrong. Nothing is changed: a file of 4 KiB
 * is written beside the ledger, synced and removed, and the ledger's lock is shared for a moment. The addon is loaded
 * here and not when this module is, so that a missing one is a finding.
 */

import { accessSync, constants, lstatSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { checkOptions, type PathLike } from './args.js';
import { type DoctorCode, REMEDIES } from './doctor-codes.js';
import { isSealwrightError, wrap, wrapAsync } from './errors.js';
import { fileSystemOf } from './file-systems.js';
import type { Addon } from './native.js';
import { toPath } from './paths.js';

/** Options of {@link doctor}: what is not named is not looked at. Paths need not exist yet. */
export interface DoctorOptions {
  /** The key file. */
  readonly keyPath?: PathLike | undefined;
  /** The ledger. */
  readonly ledgerPath?: PathLike | undefined;
  /** The file of a `FileHeadStore`. */
  readonly headStorePath?: PathLike | undefined;
}

/** One check of {@link doctor}. */
export interface DoctorCheck {
  readonly name:
    | 'platform'
    | 'addon'
    | 'key'
    | 'ledger'
    | 'lock'
    | 'file-system'
    | 'sync'
    | 'clock'
    | 'head-store';
  /**
   * - `'ok'`: as it should be
   * - `'warning'`: recording works, but promises less than it could
   * - `'failed'`: recording will not work
   * - `'skipped'`: not looked at; the message says why
   */
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped';
  /** Stable; null unless something is wrong. */
  readonly code: DoctorCode | null;
  /** What was found, for people. */
  readonly message: string;
  /** What to do about it; null unless something is wrong. */
  readonly remedy: string | null;
}

/** What {@link doctor} found: plain JSON. */
export interface DoctorReport {
  /** Version of this report's form. */
  readonly schemaVersion: 1;
  /** No check failed; there may be warnings. */
  readonly ok: boolean;
  /** Every check, always, in the same order. */
  readonly checks: readonly DoctorCheck[];
}

/**
 * Looks at the platform, the addon, the modes of key and ledger, the ledger's lock, its file system, the time of one
 * sync, the clock, and whether the head store would survive the loss of the ledger's device.
 *
 * What is wrong is in the report. Rejects only for a wrong argument: TypeError `ERR_INVALID_ARGUMENT`.
 */
export async function doctor(options?: DoctorOptions): Promise<DoctorReport> {
  const given = checkOptions(options, ['keyPath', 'ledgerPath', 'headStorePath'], 'doctor');
  const pathOf = (name: keyof typeof given) =>
    given[name] === undefined ? undefined : resolve(toPath(given[name], name));
  const keyPath = pathOf('keyPath');
  const ledgerPath = pathOf('ledgerPath');
  const headStorePath = pathOf('headStorePath');

  const { addon, finding } = loadAddon();
  const withAddon = (check: (path: string, native: Addon) => Finding | Promise<Finding>) => (path: string) =>
    addon === undefined ? skipped('needs the addon') : check(path, addon);
  const checks = [
    named('platform', checkPlatform()),
    named('addon', finding),
    named('key', await look('keyPath', keyPath, withAddon(checkKey))),
    named('ledger', await look('ledgerPath', ledgerPath, checkLedger)),
    named('lock', await look('ledgerPath', ledgerPath, withAddon(checkLock))),
    named('file-system', await look('ledgerPath', ledgerPath, checkFileSystem)),
    named('sync', await look('ledgerPath', ledgerPath, withAddon(checkSync))),
    named('clock', await checkClock(ledgerPath)),
    named('head-store', await look('headStorePath', headStorePath, withAddon(headStoreCheck(ledgerPath)))),
  ];
  return { schemaVersion: 1, ok: checks.every(({ status }) => status !== 'failed'), checks };
}

type Finding = Omit<DoctorCheck, 'name'>;

const OLDEST_NODE = [20, 19] as const;
const TESTED = 'linux-x64';
/** A sync of a disk takes longer, milliseconds. */
const LEAST_SYNC_MS = 0.01;
const SLOW_SYNC_MS = 50;
/** Before this package was: a clock that was never set. */
const EARLIEST_TIME = Date.UTC(2026, 0, 1);
const CLOCK_TOLERANCE_MS = 2000;
const OTHERS_WRITE = 0o022;
const OTHERS = 0o077;
const STICKY = 0o1000;

function named(name: DoctorCheck['name'], finding: Finding): DoctorCheck {
  return { name, ...finding };
}

function ok(message: string): Finding {
  return { status: 'ok', code: null, message, remedy: null };
}

function skipped(message: string): Finding {
  return { status: 'skipped', code: null, message, remedy: null };
}

function warning(code: DoctorCode, message: string): Finding {
  return { status: 'warning', code, message, remedy: REMEDIES[code] };
}

function failed(code: DoctorCode, message: string): Finding {
  return { status: 'failed', code, message, remedy: REMEDIES[code] };
}

/** A check of a path, if it was given. */
async function look(
  option: keyof DoctorOptions,
  path: string | undefined,
  check: (path: string) => Finding | Promise<Finding>,
): Promise<Finding> {
  if (path === undefined) return skipped(`${option} is not given`);
  try {
    return await check(path);
  } catch (error) {
    return failed('path_unreachable', messageOf(error));
  }
}

function checkPlatform(): Finding {
  const platform = `${process.platform}-${process.arch}`;
  const found = `Node.js ${process.versions.node} on ${platform}`;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  if (major < oldest || (major === oldest && minor < oldestMinor)) return failed('node_too_old', found);
  return platform === TESTED ? ok(found) : warning('platform_untested', `${found}; tested is ${TESTED}`);
}

function loadAddon(): { readonly addon?: Addon; readonly finding: Finding } {
  let addon: Addon;
  try {
    // Not import(): some test runners cannot, and a missing addon must not keep this module from loading.
    addon = (require('./native.js') as typeof import('./native.js')).native;
  } catch (error) {
    return { finding: failed('addon_not_loaded', messageOf(error)) };
  }
  try {
    wrap(() => addon.selfTest());
  } catch (error) {
    return { finding: failed('self_test_failed', messageOf(error)) };
  }
  return { addon, finding: ok('loaded, and it computes what the format says') };
}

function checkKey(path: string): Finding {
  const { SigningKeypair } = require('./keys.js') as typeof import('./keys.js');
  let fingerprint: string;
  try {
    ({ fingerprint } = SigningKeypair.load(path));
  } catch (error) {
    return keyFinding(error);
  }
  if (othersMayReplace(path)) return warning('key_folder_writable', `group or others can write in ${dirname(path)}`);
  return ok(`${path}: ${fingerprint}`);
}

function keyFinding(error: unknown): Finding {
  const message = messageOf(error);
  switch (isSealwrightError(error) ? error.code : undefined) {
    case 'ERR_KEY_NOT_FOUND':
      return warning('key_missing', message);
    case 'ERR_KEY_PERMISSIONS':
      return failed('key_permissions', message);
    case 'ERR_KEY_LENGTH':
      return failed('key_length', message);
    case 'ERR_KEY_NOT_A_FILE':
      return failed('key_not_a_file', message);
    default:
      return failed('key_unreadable', message);
  }
}

function checkLedger(path: string): Finding {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined && lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
    return failed('ledger_dangling_link', `${path} is a symbolic link to nothing`);
  }
  if (stats !== undefined && !stats.isFile()) return failed('ledger_not_a_file', `${path} is no regular file`);
  const written = stats === undefined ? nearestFolder(path) : path;
  try {
    accessSync(written, constants.R_OK | constants.W_OK);
  } catch (error) {
    return failed('ledger_unwritable', messageOf(error));
  }
  if (othersMayReplace(path)) return warning('ledger_folder_writable', `group or others can write in ${dirname(path)}`);
  if (stats === undefined) return ok(`${path} does not exist yet and can be created`);
  if (hasModes && (stats.mode & OTHERS) !== 0) {
    return warning('ledger_mode', `group or others have access to ${path}: mode ${(stats.mode & 0o777).toString(8)}`);
  }
  return ok(`${path}: ${stats.size} bytes`);
}

function checkLock(path: string, native: Addon): Finding {
  if (!isFile(path)) return skipped('there is no ledger yet');
  try {
    switch (wrap(() => native.lockState(path))) {
      case 'elsewhere':
        return warning('ledger_locked', `another process records in ${path}`);
      case 'here':
        return ok('this process records in it');
      case 'free':
        return ok('nobody records in it');
    }
  } catch (error) {
    return failed('lock_failed', messageOf(error));
  }
}

function checkFileSystem(path: string): Finding {
  if (process.platform !== 'linux') return skipped('only Linux says by number what a file system is');
  const { name, kind } = fileSystemOf(isFile(path) ? path : nearestFolder(path));
  switch (kind) {
    case 'local':
      return ok(name);
    case 'unknown':
      return skipped(`${name} is not known`);
    default:
      return warning(`file_system_${kind}`, `the ledger is on ${name}`);
  }
}

async function checkSync(path: string, native: Addon): Promise<Finding> {
  let milliseconds: number;
  try {
    milliseconds = await wrapAsync(() => native.timeSync(nearestFolder(path)));
  } catch (error) {
    return failed('sync_failed', messageOf(error));
  }
  const message = `one sync took ${milliseconds.toFixed(3)} ms`;
  if (milliseconds > SLOW_SYNC_MS) return warning('sync_slow', message);
  return milliseconds < LEAST_SYNC_MS ? warning('sync_too_fast', message) : ok(message);
}

/** With a ledger also against the time it was written at last. */
async function checkClock(ledgerPath: string | undefined): Promise<Finding> {
  const now = Date.now();
  const message = `it is ${new Date(now).toISOString()}`;
  if (now < EARLIEST_TIME) return failed('clock_unset', message);
  if (ledgerPath === undefined) return ok(message);
  return look('ledgerPath', ledgerPath, () => {
    const written = statSync(ledgerPath, { throwIfNoEntry: false })?.mtimeMs ?? now;
    if (written <= now + CLOCK_TOLERANCE_MS) return ok(message);
    return warning('clock_behind_ledger', `${message}, and the ledger was written ${new Date(written).toISOString()}`);
  });
}

function headStoreCheck(ledgerPath: string | undefined): (path: string) => Finding {
  return (path) => {
    const { FileHeadStore } = require('./headstore.js') as typeof import('./headstore.js');
    try {
      // Any id: what matters is that the file can be read.
      new FileHeadStore(path).get('ledger:');
    } catch (error) {
      return failed('head_store_unreadable', messageOf(error));
    }
    if (ledgerPath !== undefined && deviceOf(path) === deviceOf(ledgerPath)) {
      return warning('head_store_same_device', `${path} is on the device of the ledger`);
    }
    return ok(isFile(path) ? path : `${path} does not exist yet`);
  };
}

const hasModes = process.platform !== 'win32';

/** Whether group or others may put another file in the place of this one. */
function othersMayReplace(path: string): boolean {
  const folder = statSync(dirname(path), { throwIfNoEntry: false });
  return hasModes && folder !== undefined && (folder.mode & OTHERS_WRITE) !== 0 && (folder.mode & STICKY) === 0;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The folder of a file that may not exist yet, or the nearest one above it that does. */
function nearestFolder(path: string): string {
  let folder = dirname(path);
  while (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    const above = dirname(folder);
    if (above === folder) return folder;
    folder = above;
  }
  return folder;
}

function deviceOf(path: string): number {
  return statSync(isFile(path) ? path : nearestFolder(path)).dev;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
