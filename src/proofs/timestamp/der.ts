/*
 * DER, as timestamps and certificates are written in it (X.690, section 10): tag, length, content. Each value has one
 * spelling: lengths are definite and the shortest, tags below 31, integers and booleans as section 8 and 11 say. Anything
 * else, and anything behind the value, is refused.
 */

/** First bytes of values: class, form and number of their tag. */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** `[n]` of a value without parts. */
  primitive: (number: number) => 0x80 | number,
  /** `[n]` of a value with parts. */
  constructed: (number: number) => 0xa0 | number,
} as const;

/** A value that was read. */
export interface Der {
  /** One of {@link Tag}. */
  readonly tag: number;
  /** All of it. */
  readonly bytes: Uint8Array;
  /** What stands behind tag and length. */
  readonly content: Uint8Array;
  /** The values that it is made of; none of one without parts. */
  readonly parts: readonly Der[];
}

/** Bytes that are not what they should be. Its message goes on behind what they should have been. */
export class NotDer extends Error {}

/** Values inside each other. */
const MAX_DEPTH = 32;

/** Reads one value. Throws {@link NotDer}, and nothing else, for other bytes. */
export function parseDer(bytes: Uint8Array): Der {
  const [der, end] = valueAt(bytes, 0, 0);
  if (end !== bytes.length) throw new NotDer(`${bytes.length - end} bytes follow it`);
  return der;
}

function valueAt(bytes: Uint8Array, start: number, depth: number): [der: Der, end: number] {
  const tag = bytes[start] ?? 0;
  if ((tag & 0x1f) === 0x1f || depth > MAX_DEPTH) throw new NotDer('it has a tag that nothing here has');
  const [length, from] = lengthAt(bytes, start + 1);
  const end = from + length;
  if (end > bytes.length) throw new NotDer('it is cut off');
  const parts: Der[] = [];
  let place = (tag & 0x20) === 0 ? end : from;
  while (place < end) {
    const [part, next] = valueAt(bytes.subarray(0, end), place, depth + 1);
    parts.push(part);
    place = next;
  }
  return [{ tag, bytes: bytes.subarray(start, end), content: bytes.subarray(from, end), parts }, end];
}

function lengthAt(bytes: Uint8Array, start: number): [length: number, end: number] {
  const first = bytes[start];
  if (first === undefined) throw new NotDer('it is cut off');
  if (first < 0x80) return [first, start + 1];
  const digits = bytes.subarray(start + 1, start + 1 + (first & 0x7f));
  const length = digits.reduce((sum, digit) => sum * 256 + digit, 0);
  const isShortest = digits.length === (first & 0x7f) && digits.length <= 4 && length >= 0x80 && digits[0] !== 0;
  if (!isShortest) throw new NotDer('it has a length that is not spelled as in DER');
  return [length, start + 1 + digits.length];
}

/** The parts of a value, taken in order. */
export class Parts {
  readonly #parts: readonly Der[];
  readonly #what: string;
  #place = 0;

  /** Those of a value with one of these tags. */
  constructor(der: Der | undefined, what: string, tag: number = Tag.sequence) {
    if (der?.tag !== tag) throw new NotDer(`its ${what} is missing or of another type`);
    this.#parts = der.parts;
    this.#what = what;
  }

  /** The next one, which has to have this tag. */
  take(tag: number, what: string): Der {
    const part = this.optional(tag);
    if (part === undefined) throw new NotDer(`the ${what} of its ${this.#what} is missing or of another type`);
    return part;
  }

  /** The next one if it has this tag. */
  optional(tag: number): Der | undefined {
    const part = this.#parts[this.#place];
    if (part?.tag !== tag) return undefined;
    this.#place += 1;
    return part;
  }

  /** There are no more. */
  end(): void {
    if (this.#place < this.#parts.length) throw new NotDer(`its ${this.#what} has more parts than it may have`);
  }
}

/** The one part of a value. */
export function onlyPart(der: Der, what: string): Der {
  const [part, ...others] = der.parts;
  if (part === undefined || others.length > 0) throw new NotDer(`its ${what} has not one part`);
  return part;
}

/** An INTEGER, of at most 64 bytes. */
export function integerOf({ content }: Der): bigint {
  const [first = 0, second = 0] = content;
  const isLonger = content.length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
  if (content.length === 0 || content.length > 64 || isLonger) throw new NotDer('it has an integer that is not spelled as in DER');
  const value = BigInt(`0x${Buffer.from(content).toString('hex')}`);
  return first < 0x80 ? value : value - (1n << BigInt(8 * content.length));
}

/** An OBJECT IDENTIFIER in dotted form. */
export function oidOf({ content }: Der): string {
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const [place, byte] of content.entries()) {
    if (arc === 0n && byte === 0x80) throw new NotDer('it has an object identifier that is not spelled as in DER');
    arc = arc * 128n + BigInt(byte & 0x7f);
    if (byte >= 0x80) {
      if (place === content.length - 1) throw new NotDer('it has an object identifier that is cut off');
      continue;
    }
    arcs.push(arc);
    arc = 0n;
  }
  const [first] = arcs;
  if (first === undefined || content.length > 64) throw new NotDer('it has an object identifier that is none');
  const root = first < 80n ? first / 40n : 2n;
  return [root, first - root * 40n, ...arcs.slice(1)].join('.');
}

/** A BOOLEAN. */
export function booleanOf({ content }: Der): boolean {
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new NotDer('it has a boolean that is none');
  return content[0] === 0xff;
}

/** A time in UTC, as milliseconds since 1970 and in ISO 8601 with all of its digits. */
export function timeOf({ tag, content }: Der): { readonly millis: number; readonly iso: string } {
  const text = Buffer.from(content).toString('latin1');
  const [, century = '', rest = '', fraction = ''] =
    (tag === Tag.utcTime ? /^()(\d{12})Z$/ : /^(\d\d)(\d{12})(\.\d{0,9}[1-9])?Z$/).exec(text) ?? [];
  const [year, month, day, hour, minute, second] = rest.match(/\d\d/g) ?? [];
  // RFC 5280, section 4.1.2.5.1: two digits are of 1950 to 2049.
  const hundreds = tag === Tag.utcTime ? (Number(year) >= 50 ? '19' : '20') : century;
  const whole = `${hundreds}${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const millis = Date.parse(`${whole}${fraction}Z`);
  // A day that no month has is another day to Date.
  if (Number.isNaN(millis) || !new Date(millis).toISOString().startsWith(whole)) throw new NotDer('it has a time that is none, or not in UTC');
  return { millis, iso: `${whole}${fraction}Z` };
}

/** Writes a value of bytes and of values that are written. */
export function writeDer(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
}

/** Writes an OBJECT IDENTIFIER of dotted form. */
export function writeOid(dotted: string): Buffer {
  const [first = 0n, second = 0n, ...others] = dotted.split('.').map(BigInt);
  const bytes = [first * 40n + second, ...others].flatMap((arc) => {
    const digits = [Number(arc & 0x7fn)];
    for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) digits.unshift(Number(rest & 0x7fn) | 0x80);
    return digits;
  });
  return writeDer(Tag.objectIdentifier, Buffer.from(bytes));
}
