/*
 * The libraries that read and write ZIP files. The build replaces this file by a bundle of them, so that the package has
 * no dependency for it.
 */

export { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile as ZipReader } from 'yauzl';
export { ZipFile as ZipWriter } from 'yazl';
