/*
 * Lines out of pieces: a line ends at its LF, wherever the pieces are cut. At most one line is held, and of one beyond
 * the limit only its length.
 */

/** A line as it stands in the file, or the bytes behind the last LF. */
export interface RawLine {
  /** From 1. */
  readonly number: number;
  /** Of its first byte, from 0. */
  readonly offset: number;
  /** Bytes without the LF. */
  readonly length: number;
  /** Undefined when there are more than the limit. Valid until the next line. */
  readonly bytes: Uint8Array | undefined;
  /** Whether it ended in an LF. */
  readonly isTerminated: boolean;
}

/** Cuts pieces into lines. */
export class LineSplitter {
  readonly #limit: number;
  #number = 0;
  /** Of the line that is being collected. */
  #offset = 0;
  #length = 0;
  /** Its bytes, unless there are too many. */
  #held = new Uint8Array(1024);

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The lines that end in a piece. */
  *push(piece: Uint8Array): Generator<RawLine, void, undefined> {
    let start = 0;
    for (let end = piece.indexOf(LF); end >= 0; end = piece.indexOf(LF, start)) {
      const isWhole = this.#length === 0 && end - start <= this.#limit;
      if (isWhole) this.#length = end - start;
      else this.#hold(piece.subarray(start, end));
      yield this.#line(isWhole ? piece.subarray(start, end) : this.#bytes(), true);
      start = end + 1;
    }
    this.#hold(piece.subarray(start));
  }

  /** The bytes behind the last LF, if there are any. */
  end(): RawLine | undefined {
    return this.#length === 0 ? undefined : this.#line(this.#bytes(), false);
  }

  #line(bytes: Uint8Array | undefined, isTerminated: boolean): RawLine {
    this.#number += 1;
    const line = { number: this.#number, offset: this.#offset, length: this.#length, bytes, isTerminated };
    this.#offset += this.#length + 1;
    this.#length = 0;
    return line;
  }

  #bytes(): Uint8Array | undefined {
    return this.#length > this.#limit ? undefined : this.#held.subarray(0, this.#length);
  }

  #hold(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length <= this.#limit) {
      if (length > this.#held.length) {
        const larger = new Uint8Array(Math.min(this.#limit, Math.max(length, 2 * this.#held.length)));
        larger.set(this.#held.subarray(0, this.#length));
        this.#held = larger;
      }
      this.#held.set(bytes, this.#length);
    }
    this.#length = length;
  }
}

const LF = 0x0a;
