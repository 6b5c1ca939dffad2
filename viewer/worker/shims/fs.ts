/*
 * Files of Node.js: the reader of ZIP files loads them, and opens none here.
 */

export const open = undefined;
