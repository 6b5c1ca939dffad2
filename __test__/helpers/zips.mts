// ZIP files made by hand, right or wrong in any field: those that `packEvidence` would never write.

import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';

/** An entry; what is not given is as it should be. */
export interface Part {
  readonly name: string;
  readonly data: string | Uint8Array;
  /** Default stored. */
  readonly method?: number;
  readonly flags?: number;
  /** Upper 16 bits of the external attributes. */
  readonly mode?: number;
  readonly dosAttributes?: number;
  readonly extra?: Uint8Array;
  readonly comment?: string;
  /** The compressed bytes, in place of what `method` makes. */
  readonly packed?: Uint8Array;
  readonly size?: number;
  readonly packedSize?: number;
  readonly crc?: number;
  /** What the local header says instead. */
  readonly local?: { readonly name?: string; readonly method?: number; readonly flags?: number; readonly crc?: number; readonly size?: number; readonly extra?: Uint8Array };
  /** Bytes in front of the local header. */
  readonly gap?: Uint8Array;
  /** Appends a data descriptor; a function may change it. */
  readonly descriptor?: (descriptor: Buffer) => Buffer;
}

/** What surrounds the entries. */
export interface Frame {
  readonly prefix?: Uint8Array;
  readonly beforeDirectory?: Uint8Array;
  readonly suffix?: Uint8Array;
  readonly comment?: string;
  readonly disk?: number;
  readonly count?: number;
  /** Offsets count from behind the prefix. */
  readonly shifted?: boolean;
}

/** The files of a good pack, whose manifest is still to be made. */
export interface Files {
  readonly [name: string]: string | Uint8Array;
}

/** The manifest of some files. */
export function manifestOf(files: Files): string {
  const entries = Object.entries(files).map(([name, data]) => ({
    name,
    bytes: Buffer.from(data as string).length,
    sha256: createHash('sha256').update(data).digest('hex'),
  }));
  return JSON.stringify({ schemaVersion: 1, tool: { name: 'test', version: '0' }, entries });
}

/** Files with their manifest, as entries. */
export function partsOf(files: Files): Part[] {
  return Object.entries({ ...files, 'manifest.json': manifestOf(files) }).map(([name, data]) => ({ name, data }));
}

/** The bytes of a ZIP file. */
export function zipOf(parts: readonly Part[], frame: Frame = {}): Buffer {
  const pieces: Buffer[] = [Buffer.from(frame.prefix ?? [])];
  const directory: Buffer[] = [];
  const length = () => pieces.reduce((sum, piece) => sum + piece.length, 0) - (frame.shifted === true ? (frame.prefix?.length ?? 0) : 0);
  for (const part of parts) {
    const data = Buffer.from(part.data as string);
    const method = part.method ?? 0;
    const packed = Buffer.from(part.packed ?? (method === 8 ? deflateRawSync(data) : data));
    const flags = (part.flags ?? 0) | (part.descriptor === undefined ? 0 : 8);
    const [crc, size, packedSize] = [part.crc ?? crc32(data), part.size ?? data.length, part.packedSize ?? packed.length];
    pieces.push(Buffer.from(part.gap ?? []));
    const offset = length();
    const local = part.local ?? {};
    const localName = Buffer.from(local.name ?? part.name, 'latin1');
    const extra = Buffer.from(local.extra ?? []);
    const hasDescriptor = part.descriptor !== undefined;
    pieces.push(
      header(0x0403_4b50, [
        [2, 20],
        [2, local.flags ?? flags],
        [2, local.method ?? method],
        [4, 0x0021_0000],
        [4, local.crc ?? (hasDescriptor ? 0 : crc)],
        [4, hasDescriptor ? 0 : packedSize],
        [4, local.size ?? (hasDescriptor ? 0 : size)],
        [2, localName.length],
        [2, extra.length],
      ]),
      localName,
      extra,
      packed,
    );
    if (part.descriptor !== undefined) {
      pieces.push(part.descriptor(header(0x0807_4b50, [[4, crc], [4, packedSize], [4, size]])));
    }
    const name = Buffer.from(part.name, 'latin1');
    const comment = Buffer.from(part.comment ?? '');
    const central = Buffer.from(part.extra ?? []);
    directory.push(
      header(0x0201_4b50, [
        [2, (3 << 8) | 63],
        [2, 20],
        [2, flags],
        [2, method],
        [4, 0x0021_0000],
        [4, crc],
        [4, packedSize],
        [4, size],
        [2, name.length],
        [2, central.length],
        [2, comment.length],
        [2, 0],
        [2, 0],
        [2, part.dosAttributes ?? 0],
        [2, part.mode ?? 0o100_600],
        [4, offset],
      ]),
      name,
      central,
      comment,
    );
  }
  pieces.push(Buffer.from(frame.beforeDirectory ?? []));
  const begin = length();
  const directoryBytes = Buffer.concat(directory);
  const comment = Buffer.from(frame.comment ?? '');
  const count = frame.count ?? parts.length;
  const end = header(0x0605_4b50, [
    [2, frame.disk ?? 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, directoryBytes.length],
    [4, begin],
    [2, comment.length],
  ]);
  return Buffer.concat([...pieces, directoryBytes, end, comment, Buffer.from(frame.suffix ?? [])]);
}

function header(signature: number, fields: readonly (readonly [length: 2 | 4, value: number])[]): Buffer {
  const parts = ([[4, signature], ...fields] as const).map(([length, value]) => {
    const field = Buffer.alloc(length);
    field.writeUIntLE(value, 0, length);
    return field;
  });
  return Buffer.concat(parts);
}
