/*
 * Lines of a file, out of blocks of its bytes that may be cut anywhere. Only the line that a block ends in is kept, and of
 * one that is longer than a line may be only how long it is.
 */

/** The longest line that is handed over: the limit of the format. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** Takes a line without its LF: where it begins, its length, and its bytes, or null when it is too long. The bytes are gone afterwards. */
export type TakeLine = (offset: number, length: number, bytes: Uint8Array | null) => void;

export class Lines {
  readonly #take: TakeLine;
  #offset = 0;
  #length = 0;
  #pieces: Uint8Array[] = [];

  constructor(take: TakeLine) {
    this.#take = take;
  }

  /** The next bytes of the file. */
  block(bytes: Uint8Array): void {
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      this.#ended(bytes.subarray(start, end));
      start = end + 1;
    }
    const rest = bytes.subarray(start);
    this.#length += rest.length;
    if (rest.length === 0) return;
    // The block may be written over before the line ends.
    if (this.#length <= MAX_LINE_BYTES) this.#pieces.push(new Uint8Array(rest));
    else this.#pieces = [];
  }

  /** The end of the file: what stands behind the last LF is a line if there is something. */
  end(): void {
    if (this.#length > 0) this.#ended(new Uint8Array());
  }

  #ended(last: Uint8Array): void {
    const length = this.#length + last.length;
    this.#take(this.#offset, length, length > MAX_LINE_BYTES ? null : joined(this.#pieces, last, length));
    this.#offset += length + 1;
    this.#length = 0;
    this.#pieces = [];
  }
}

/** Whether a line is of nothing but space, TAB and CR. */
export function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

const LF = 0x0a;

function joined(pieces: readonly Uint8Array[], last: Uint8Array, length: number): Uint8Array {
  if (pieces.length === 0) return last;
  const line = new Uint8Array(length);
  let at = 0;
  for (const piece of [...pieces, last]) {
    line.set(piece, at);
    at += piece.length;
  }
  return line;
}
