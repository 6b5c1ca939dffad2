// What is done to a ledger, by name. Lines have no LF. A mutation that finds nothing to change changes nothing.

import {
  canonicalText,
  parseJson,
  privateKey,
  publicKeyHex,
  sha256,
  type Json,
} from '../__test__/helpers/canonical.mts';
import { sign } from 'node:crypto';
import { oddKeys, oddNumbers, oddStrings, randomJson, seeds } from './ledgers.mts';
import type { Random } from './random.mts';
import { isJson, type Member, membersOf, replaced, scalarsOf, type Span } from './spans.mts';

type OfLines = (lines: readonly string[], random: Random) => readonly string[];
type OfLine = (line: string, random: Random) => string;
type OfBytes = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

/** Changes of one line's text. What it hashes to and who signed it may be made right again afterwards: see `sealAnew`. */
export const ofLine: Readonly<Record<string, OfLine>> = {
  'number: odd': (line, random) => withOne(scalarsOf(line, 'number'), line, random, () => random.pick(oddNumbers)),
  'number: many digits': (line, random) =>
    withOne(
      scalarsOf(line, 'number'),
      line,
      random,
      () => `${random.below(1e9)}${'123456789'.repeat(random.below(30))}e-${random.below(400)}`,
    ),
  'string: odd': (line, random) => withOne(scalarsOf(line, 'string'), line, random, () => random.pick(oddStrings)),
  'string: escaped': (line, random) =>
    withOne(scalarsOf(line, 'string'), line, random, (text) =>
      text.replace(/[a-z0-9]/i, (one) => `\\u00${one.charCodeAt(0).toString(16)}`),
    ),
  'string: cut or longer': (line, random) =>
    withOne(scalarsOf(line, 'string'), line, random, (text) =>
      random.chance(0.5) ? `${text.slice(0, -2)}"` : `${text.slice(0, -1)}0"`,
    ),
  'string: other case': (line, random) =>
    withOne(scalarsOf(line, 'string'), line, random, (text) =>
      random.chance(0.5) ? text.toUpperCase() : text.toLowerCase(),
    ),
  'value: any': (line, random) => withOne(values(line), line, random, () => randomJson(random)),
  'value: nested': (line, random) =>
    withOne(values(line), line, random, () => nested(random.pick([1, 100, 123, 124, 125, 126, 127, 128, 300]), random)),
  'member: removed': (line, random) => withMember(line, random, (member) => removed(line, member)),
  'member: added': (line, random) =>
    withMember(line, random, ({ key }) =>
      replaced(line, { start: key.start, end: key.start }, `${oddKey(random)}:${randomJson(random)},`),
    ),
  'member: twice': (line, random) =>
    withMember(line, random, ({ key, value }) =>
      replaced(
        line,
        { start: key.start, end: key.start },
        `${line.slice(key.start, key.end)}:${random.chance(0.5) ? randomJson(random) : line.slice(value.start, value.end)},`,
      ),
    ),
  'member: renamed': (line, random) => withMember(line, random, ({ key }) => replaced(line, key, oddKey(random))),
  'members: reordered': (line, random) => withTwo(line, random, whole, whole),
  'members: values swapped': (line, random) =>
    withTwo(
      line,
      random,
      ({ value }) => value,
      ({ value }) => value,
    ),
  'members: keys swapped': (line, random) =>
    withTwo(
      line,
      random,
      ({ key }) => key,
      ({ key }) => key,
    ),
  spaces: (line, random) =>
    line.replaceAll(/[{},:]/g, (mark) => (random.chance(0.05) ? ` ${mark}${random.pick([' ', '\t', '\r'])}` : mark)),
  seq: (line, random) => line.replace(/"seq":(\d+)/, (_, seq: string) => `"seq":${Number(seq) + random.below(3) - 1}`),
  time: (line, random) =>
    line.replace(
      /"timestamp_nanos":\d+/,
      () => `"timestamp_nanos":${random.pick(['0', '1', '18446744073709551615', '1700000000000000000', '-1'])}`,
    ),
  kind: (line, random) =>
    line.replace(
      /"type":"\w+"/,
      () =>
        `"type":${random.pick(['"KeyRotated"', '"SessionEnded"', '"Custom"', '"x"', '"X1"', '"É"', `"${'K'.repeat(65)}"`, '""', '7'])}`,
    ),
  'signature: bit': (line, random) => flipped(line, 'signature', random),
  'signature: key bit': (line, random) => flipped(line, 'signer_pubkey', random),
  'signature: hash bit': (line, random) => flipped(line, 'self_hash', random),
  'signature: S + L': (line) =>
    line.replace(
      /("signature":"[0-9a-f]{64})([0-9a-f]{64})/,
      (_, start: string, s: string) => start + littleEndian(fromLittleEndian(s) + L),
    ),
  'signature: small order': (line, random) => {
    const [a, r] = [random.pick(smallPoints), random.pick([...smallPoints, BASE])];
    const s = random.pick(['00'.repeat(32), `01${'00'.repeat(31)}`]);
    const key = random.chance(0.7) ? line.replace(/("signer_pubkey":")[0-9a-f]{64}/, `$1${a}`) : line;
    return key.replace(/("signature":")[0-9a-f]{128}/, `$1${r}${s}`);
  },
  'signature: by another key': (line, random) => signedBy(line, random.pick(seeds), random.chance(0.5)),
};

/** Changes of the order and ends of lines. */
export const ofLines: Readonly<Record<string, OfLines>> = {
  'lines: dropped': (lines, random) => lines.toSpliced(random.below(lines.length), 1),
  'lines: repeated': (lines, random) => lines.toSpliced(random.below(lines.length), 0, random.pick(lines)),
  'lines: swapped': (lines, random) => {
    const [a, b] = [random.below(lines.length), random.below(lines.length)];
    return lines.with(a, lines[b] ?? '').with(b, lines[a] ?? '');
  },
  'lines: joined': (lines, random) => {
    const at = random.below(lines.length);
    return lines.toSpliced(at, 2, lines.slice(at, at + 2).join(random.pick(['', ' ', ','])));
  },
  'lines: blank': (lines, random) =>
    lines.toSpliced(
      random.below(lines.length + 1),
      0,
      random.pick(['', ' ', '\t \r', '\r', '\f', '\u00a0', ' '.repeat(900)]),
    ),
  'lines: CR': (lines, random) => lines.map((line) => (random.chance(0.5) ? `${line}\r` : line)),
  'lines: cut': (lines, random) => {
    const at = random.below(lines.length);
    return lines.with(at, (lines[at] ?? '').slice(0, random.below(600)));
  },
  'lines: garbage': (lines, random) =>
    lines.toSpliced(
      random.below(lines.length + 1),
      0,
      random.pick(['garbage', '[]', 'null', '"x"', '{', '{}', '\ufeff{}', '[[', '{"a":1}', '{"seq":0}x']),
    ),
};

/** Changes of bytes, wherever they are. */
export const ofBytes: Readonly<Record<string, OfBytes>> = {
  'bytes: flipped': (bytes, random) => {
    const at = random.below(bytes.length);
    return edited(bytes, at, at + 1, [(bytes[at] ?? 0) ^ (1 << random.below(8))]);
  },
  'bytes: inserted': (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return edited(
      bytes,
      at,
      at,
      random.pick([
        [0x0a],
        [0],
        [0x20],
        [0xff],
        [0xc3],
        [0xed, 0xa0, 0x80],
        [0xef, 0xbf, 0xbd],
        [0x22],
        [0x5c],
        [0x7b],
        [0x2c],
      ]),
    );
  },
  'bytes: deleted': (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return edited(bytes, at, at + 1 + random.below(8), []);
  },
  'bytes: doubled': (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return edited(bytes, at, at, [...bytes.subarray(at, at + 1 + random.below(200))]);
  },
  'bytes: spliced': (bytes, random, other) =>
    Buffer.concat([bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1))]),
  'bytes: end cut off': (bytes, random) =>
    bytes.subarray(0, random.chance(0.6) ? bytes.length - 1 : random.below(bytes.length + 1)),
  'bytes: end added': (bytes, random) =>
    Buffer.concat([
      bytes,
      Buffer.from(random.pick(['{', 'garbage', '\0'.repeat(512), ' \t', '\n', '\r\n', '\n\n', '\u00a0', '{}'])),
    ]),
  'bytes: zeroed': (bytes, random) => {
    const at = random.below(bytes.length + 1);
    const end = Math.min(bytes.length, at + 1 + random.below(300));
    return edited(
      bytes,
      at,
      end,
      Array.from({ length: end - at }, () => 0),
    );
  },
};

/**
 * Makes hash and signature of a line right again, and links, hashes and signatures of those behind it, so that only
 * later checks can find what was done. Lines that no key is known of are signed by the first.
 */
export function sealAnew(lines: readonly string[], from: number, isLinked: boolean): string[] {
  const sealed = [...lines];
  for (let at = from; at < sealed.length; at += 1) {
    const before = at === 0 ? undefined : fieldOf(sealed[at - 1] ?? '', 'self_hash');
    let line = sealed[at] ?? '';
    if (isLinked && before !== undefined && at > from)
      line = line.replace(/("parent_hash":")[0-9a-f]{64}/, `$1${before}`);
    sealed[at] = resealed(line);
  }
  return sealed;
}

function resealed(line: string): string {
  if (!isJson(line)) return line;
  const parsed = parseJson(line);
  if (!(parsed instanceof Map)) return line;
  const fields = parsed as ReadonlyMap<string, Json>;
  const hashed = new Map<string, Json>();
  for (const name of ['event', 'parent_hash', 'seq', 'timestamp_nanos']) hashed.set(name, fields.get(name) ?? null);
  const hash = sha256(canonicalText(hashed));
  const signer = fields.get('signer_pubkey');
  const seed = seeds.find((one) => publicKeyHex(one) === signer);
  return signedBy(
    line.replace(/("self_hash":")[0-9a-f]{64}/, `$1${hash}`),
    seed ?? seeds[0] ?? new Uint8Array(32),
    true,
  );
}

function signedBy(line: string, seed: Uint8Array, isNamed: boolean): string {
  const hash = fieldOf(line, 'self_hash');
  if (hash === undefined) return line;
  const signature = sign(null, Buffer.from(hash, 'hex'), privateKey(seed)).toString('hex');
  const signed = line.replace(/("signature":")[0-9a-f]{128}/, `$1${signature}`);
  return isNamed ? signed.replace(/("signer_pubkey":")[0-9a-f]{64}/, `$1${publicKeyHex(seed)}`) : signed;
}

function fieldOf(line: string, name: string): string | undefined {
  return new RegExp(`"${name}":"([0-9a-f]{64})"`).exec(line)?.[1];
}

function withOne(spans: readonly Span[], line: string, random: Random, by: (text: string) => string): string {
  if (spans.length === 0) return line;
  const span = random.pick(spans);
  return replaced(line, span, by(line.slice(span.start, span.end)));
}

function withMember(line: string, random: Random, change: (member: Member) => string): string {
  const members = membersOf(line);
  return members.length === 0 ? line : change(random.pick(members));
}

function withTwo(
  line: string,
  random: Random,
  left: (member: Member) => Span,
  right: (member: Member) => Span,
): string {
  const members = membersOf(line).toSorted((a, b) => a.key.start - b.key.start);
  if (members.length === 0) return line;
  const one = random.pick(members);
  const others = members.filter(({ object, key }) => object === one.object && key.start > one.key.start);
  if (others.length === 0) return line;
  const [a, b] = [left(one), right(random.pick(others))];
  return (
    line.slice(0, a.start) +
    line.slice(b.start, b.end) +
    line.slice(a.end, b.start) +
    line.slice(a.start, a.end) +
    line.slice(b.end)
  );
}

function removed(line: string, { key, value }: Member): string {
  if (line[value.end] === ',') return replaced(line, { start: key.start, end: value.end + 1 }, '');
  const comma = line.lastIndexOf(',', key.start);
  return replaced(
    line,
    { start: line.slice(comma + 1, key.start).trim() === '' ? comma : key.start, end: value.end },
    '',
  );
}

function whole({ key, value }: Member): Span {
  return { start: key.start, end: value.end };
}

function values(line: string): Span[] {
  return membersOf(line).map(({ value }) => value);
}

function nested(levels: number, random: Random): string {
  return random.chance(0.5)
    ? '['.repeat(levels) + ']'.repeat(levels)
    : `${'{"a":'.repeat(levels)}0${'}'.repeat(levels)}`;
}

function oddKey(random: Random): string {
  const key = JSON.stringify(random.pick(oddKeys));
  return random.chance(0.2) ? key.replace(/[a-z]/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`) : key;
}

function flipped(line: string, name: string, random: Random): string {
  const start = line.indexOf(`"${name}":"`) + name.length + 4;
  const at = start + random.below(64);
  const digit = Number.parseInt(line[at] ?? '', 16);
  return Number.isNaN(digit)
    ? line
    : replaced(line, { start: at, end: at + 1 }, (digit ^ (1 << random.below(4))).toString(16));
}

function edited(bytes: Buffer, start: number, end: number, by: readonly number[]): Buffer {
  return Buffer.concat([bytes.subarray(0, start), Buffer.from(by), bytes.subarray(end)]);
}

const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const BASE = `58${'66'.repeat(31)}`;
/** Encodings of the points of small order, canonical and not. */
const smallPoints = [
  `01${'00'.repeat(31)}`, `01${'00'.repeat(30)}80`, '00'.repeat(32), `${'00'.repeat(31)}80`, `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
];

function fromLittleEndian(digits: string): bigint {
  return BigInt(`0x${reversed(digits)}`);
}

function littleEndian(number: bigint): string {
  return reversed(number.toString(16).padStart(64, '0').slice(-64));
}

function reversed(digits: string): string {
  return (digits.match(/../g) ?? []).toReversed().join('');
}
