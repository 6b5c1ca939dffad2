/*
 * Texts by number. Texts that come often are kept once.
 */

/** A table of texts; the first is ''. */
export class Names {
  readonly list: string[] = [''];
  readonly #places = new Map<string, number>([['', 0]]);
  readonly #most: number;

  /** Beyond so many, all others are {@link OTHERS}. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Its place, which is the same for the same text. */
  of(text: string): number {
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    if (this.list.length >= this.#most && text !== OTHERS) return this.of(OTHERS);
    this.list.push(text);
    this.#places.set(text, this.list.length - 1);
    return this.list.length - 1;
  }
}

/** What stands for names beyond a bound. */
export const OTHERS = '(other)';
