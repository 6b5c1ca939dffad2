/*
 * What the reader of ZIP files looks for in Node.js's `zlib`.
 */

export { crc32 } from '../crc32.js';
