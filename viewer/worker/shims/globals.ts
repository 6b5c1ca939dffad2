/*
 * Globals of Node.js that the reader of packs uses.
 */

export { Buffer } from 'buffer';

export function setImmediate(call: () => void): void {
  queueMicrotask(call);
}
