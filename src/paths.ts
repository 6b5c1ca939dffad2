/*
 * Paths as arguments.
 */

import { fileURLToPath } from 'node:url';
import { checkString, invalidArgument, show } from './args.js';

/** A path as a string. Refused: an empty one, one with a NUL or a lone surrogate, a URL that is not `file:`. */
export function toPath(value: unknown, name: string): string {
  const path = value instanceof URL ? pathOfUrl(value, name) : checkString(value, name, 'a path or a file: URL');
  if (path === '' || path.includes('\0')) throw invalidArgument(`${name} must be a path, found ${show(path)}`);
  return path;
}

function pathOfUrl(url: URL, name: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw invalidArgument(`${name} must be a file: URL, found ${url.href} (${(error as Error).message})`);
  }
}
