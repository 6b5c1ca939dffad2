/*
 * Small files that commands write beside what they print, by the rules of `output-file`.
 */

import { outputPath, writeOutput } from '../output-file.js';

/** Writes a whole file, which may be none of the inputs. */
export async function writeWhole(path: string, content: string | Uint8Array, inputs: readonly string[]): Promise<void> {
  await writeOutput(await outputPath(path, inputs), (file) => file.writeFile(content));
}
