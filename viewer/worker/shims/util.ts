/*
 * What the reader of ZIP files takes from Node.js's `util`.
 */

/** As in Node.js. */
export function inherits(constructor: { readonly prototype: object }, parent: { readonly prototype: object }): void {
  Object.setPrototypeOf(constructor.prototype, parent.prototype);
}
