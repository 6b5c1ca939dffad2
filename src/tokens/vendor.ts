/*
 * The libraries that tokens are made and read with. The build replaces this file by a bundle of them, so that the package
 * has no dependency for it.
 */

export { base58 } from '@scure/base';
export { CompactSign, compactVerify } from 'jose';
