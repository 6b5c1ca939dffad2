/*
 * Which C library this process runs on, on Linux: an addon is made for one.
 *
 * The program says so itself: its header of type PT_INTERP names the loader that the kernel starts, such as
 * `/lib64/ld-linux-x86-64.so.2` or `/lib/ld-musl-x86_64.so.1` (ELF-64, little-endian, gabi "Program Header"). It stands
 * at the front of the file, so that one small read tells. A program without one, which is linked statically, or one that
 * cannot be read asks Node.js for its report, which takes milliseconds.
 */

import { closeSync, openSync, readSync } from 'node:fs';

export type Libc = 'gnu' | 'musl' | 'unknown';

/** The C library of this process. */
export function linuxLibc(): Libc {
  return ofLoader(loaderOf(process.execPath)) ?? ofReport();
}

const FRONT_BYTES = 4096;
const ELF_64_LITTLE = '7f454c460201';
const PT_INTERP = 3;

/** The loader that a program names; undefined when it names none, or cannot be read. */
function loaderOf(program: string): string | undefined {
  try {
    const front = frontOf(program);
    if (front.toString('hex', 0, 6) !== ELF_64_LITTLE) return undefined;
    const [table, size, count] = [Number(front.readBigUInt64LE(32)), front.readUInt16LE(54), front.readUInt16LE(56)];
    const at = Array.from({ length: count }, (_, index) => table + index * size);
    const header = at.find((place) => front.readUInt32LE(place) === PT_INTERP);
    if (header === undefined) return undefined;
    const start = Number(front.readBigUInt64LE(header + 8));
    return front.toString('latin1', start, start + Number(front.readBigUInt64LE(header + 32)));
  } catch {
    // Not to be read here, or with headers further back. The report knows as well.
    return undefined;
  }
}

function frontOf(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const front = Buffer.alloc(FRONT_BYTES);
    return front.subarray(0, readSync(file, front, 0, FRONT_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

function ofLoader(loader: string | undefined): Libc | undefined {
  if (loader === undefined) return undefined;
  if (loader.includes('/ld-musl-')) return 'musl';
  return loader.includes('/ld-linux') ? 'gnu' : undefined;
}

function ofReport(): Libc {
  const { report } = process as { report?: NodeJS.ProcessReport & { excludeNetwork?: boolean } };
  if (report === undefined) return 'unknown';
  // Without this the report looks up the names of open sockets' peers, which can take seconds.
  const excludeNetwork = report.excludeNetwork;
  report.excludeNetwork = true;
  try {
    const { header, sharedObjects } = report.getReport() as {
      readonly header?: { readonly glibcVersionRuntime?: string };
      readonly sharedObjects?: readonly string[];
    };
    if (header?.glibcVersionRuntime !== undefined) return 'gnu';
    return sharedObjects?.some((file) => file.includes('musl')) === true ? 'musl' : 'unknown';
  } catch {
    // A runtime may have the function and no report. Both libcs are tried then.
    return 'unknown';
  } finally {
    if (excludeNetwork !== undefined) report.excludeNetwork = excludeNetwork;
  }
}
