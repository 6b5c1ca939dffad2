/*
 * The library that reads ZIP files, in place of src/evidence/vendor.ts, which also writes them.
 */

export { fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl';
