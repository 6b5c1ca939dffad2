/*
 * What viewer/build.mjs puts into the page.
 */

import engine from 'sealwright:engine';
import version from 'sealwright:version';
import worker from 'sealwright:worker';

/** The WebAssembly module. */
export const ENGINE: Uint8Array<ArrayBuffer> = engine;
/** The script of the workers, UTF-8. */
export const WORKER: Uint8Array<ArrayBuffer> = worker;
/** Of the package that the page was built of. */
export const VERSION: string = version;
