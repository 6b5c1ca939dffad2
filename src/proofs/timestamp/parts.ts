/*
 * What is done with timestamps beyond looking at arguments. The libraries for it take a while to load, which whoever imports
 * `sealwright/proofs` for something else would wait for.
 */

/** Loaded by the first who asks. */
export const parts = {
  get messages(): typeof import('./messages.js') {
    return require('./messages.js') as typeof import('./messages.js');
  },
  get checks(): typeof import('./checks.js') {
    return require('./checks.js') as typeof import('./checks.js');
  },
};
