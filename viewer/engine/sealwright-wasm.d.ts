/*
 * What scripts/wasm.mjs makes, which need not be there.
 */

declare module 'sealwright-wasm' {
  export const instantiate: import('./make.js').Instantiate;
}
