/*
 * Streams of Node.js: the reader of ZIP files derives classes from them that are not used here.
 */

export { EventEmitter as PassThrough, EventEmitter as Readable, EventEmitter as Transform, EventEmitter as Writable } from 'events';
