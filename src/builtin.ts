/*
 * Parts of Node.js that few calls need. Each takes milliseconds to load, which every process that records would wait for.
 */

/** Loaded by the first who asks. */
export const builtin = {
  get crypto(): typeof import('node:crypto') {
    return require('node:crypto') as typeof import('node:crypto');
  },
  get files(): typeof import('node:fs/promises') {
    return require('node:fs/promises') as typeof import('node:fs/promises');
  },
  get processes(): typeof import('node:child_process') {
    return require('node:child_process') as typeof import('node:child_process');
  },
  get threads(): typeof import('node:worker_threads') {
    return require('node:worker_threads') as typeof import('node:worker_threads');
  },
};
