/*
 * A blob out of many pieces, of which few are held at a time: browsers keep what is in a blob elsewhere.
 */

const PART_BYTES = 16 * 1024 * 1024;

export class BlobBuilder {
  bytes = 0;
  readonly #parts: Blob[] = [];
  #pieces: Uint8Array[] = [];
  #held = 0;

  /** Adds bytes, which must not change afterwards. */
  add(piece: Uint8Array): void {
    this.bytes += piece.length;
    this.#held += piece.length;
    this.#pieces.push(piece);
    if (this.#held >= PART_BYTES) this.#part();
  }

  blob(): Blob {
    this.#part();
    return new Blob(this.#parts);
  }

  #part(): void {
    this.#parts.push(new Blob(this.#pieces as Uint8Array<ArrayBuffer>[]));
    this.#pieces = [];
    this.#held = 0;
  }
}
