/*
 * Small files: those that commands read whole, and those that they write beside what they print, by the rules of
 * `output-file`.
 */

import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { outputPath, writeOutput } from '../output-file.js';
import { UsageError } from './context.js';

/** Most bytes of a file that is read whole. */
const MAX_FILE = 16 << 20;

/**
 * The bytes of a regular file.
 *
 * @throws {@link UsageError} for what is no regular file, has more than 16 MiB, or cannot be read
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  // Nobody waits for a FIFO. Windows has none at such paths, nor the flag.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(cannot(`open ${path}`));
  try {
    if (!(await file.stat()).isFile()) throw new UsageError(`${path} is no regular file`);
    const bytes = await upTo(file, MAX_FILE + 1).catch(cannot(`read ${path}`));
    if (bytes.length > MAX_FILE) throw new UsageError(`${path} has more than 16 MiB`);
    return bytes;
  } finally {
    await file.close();
  }
}

/** The text of a regular file, byte for byte. @throws as {@link readBytes}, and {@link UsageError} for what is not UTF-8 */
export async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path);
  if (!isUtf8(bytes)) throw new UsageError(`${path} is no text in UTF-8`);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** Writes a whole file, which may be none of the inputs. */
export async function writeWhole(path: string, content: string | Uint8Array, inputs: readonly string[]): Promise<void> {
  await writeOutput(await outputPath(path, inputs), (file) => file.writeFile(content));
}

/** What a file begins with. Its size is not asked for: a file may grow, and some of the system's say that they are empty. */
async function upTo(file: FileHandle, most: number): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  for await (const piece of file.createReadStream({ end: most - 1, autoClose: false }) as AsyncIterable<Buffer>) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

/** What the system refused, as the user of a command reads it. */
function cannot(doing: string): (error: NodeJS.ErrnoException) => never {
  return ({ code, message }) => {
    throw new UsageError(`cannot ${doing}: ${code ?? message}`);
  };
}
