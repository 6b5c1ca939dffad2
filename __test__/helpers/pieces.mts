// Bytes as a stream.

/** Bytes in pieces of a size, or of sizes that a function gives. */
export async function* piecesOf(
  bytes: Uint8Array,
  size: number | (() => number),
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let start = 0; start < bytes.length; ) {
    const length = typeof size === 'number' ? size : size();
    yield bytes.subarray(start, start + length);
    start += length;
  }
}

/** A source whose first piece never comes. */
export async function* hanging(): AsyncGenerator<Uint8Array, void, undefined> {
  await new Promise(() => {});
  yield new Uint8Array();
}
