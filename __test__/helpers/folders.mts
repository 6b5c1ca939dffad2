// Files of a test's own: in a new folder that goes away with the test.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** A new, empty folder. */
export function newFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sealwright-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A path in a new folder; nothing is there. */
export function newPath(t: ExecutionContext, name = 'ledger.ndjson'): string {
  return join(newFolder(t), name);
}

/** A link to nothing, and the path it points at. */
export function danglingLink(t: ExecutionContext): { readonly link: string; readonly target: string } {
  const folder = newFolder(t);
  const link = join(folder, 'link');
  const target = join(folder, 'target');
  symlinkSync(target, link);
  return { link, target };
}

/** A FIFO that nobody writes to: who opens it without care waits for ever. */
export function newFifo(t: ExecutionContext): string {
  const path = newPath(t, 'fifo');
  const { status, stderr } = spawnSync('mkfifo', [path]);
  if (status !== 0) throw new Error(`mkfifo: ${stderr.toString()}`);
  return path;
}

/** Descriptors of this process on a file; undefined where the system does not tell. */
export function descriptorsOn(path: string): number | undefined {
  try {
    return readdirSync('/proc/self/fd').filter((descriptor) => linkTarget(`/proc/self/fd/${descriptor}`) === path)
      .length;
  } catch {
    return undefined;
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
