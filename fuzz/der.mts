// DER as a tree that can be changed and written again, in ways that DER has not too. It shares nothing with the reader that
// it is used against.

import type { Random } from './random.mts';

/** A value: of parts if its tag says so, else of bytes. */
export interface Node {
  tag: number;
  parts?: Node[];
  content?: Buffer;
  /** Another spelling of its length, behind which `end` stands. */
  spelled?: (length: number) => readonly number[];
  end?: Buffer;
}

/** A value of bytes, or of parts. */
export const der = (tag: number, ...parts: readonly (Node | Uint8Array | string)[]): Node =>
  (tag & 0x20) === 0
    ? { tag, content: Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part instanceof Uint8Array ? part : write(part)))) }
    : { tag, parts: parts.map((part) => (typeof part === 'string' || part instanceof Uint8Array ? read(Buffer.from(part as string, 'hex')) : part)) };

/** Writes a tree. */
export function write({ tag, parts, content = Buffer.alloc(0), spelled = shortest, end = Buffer.alloc(0) }: Node): Buffer {
  const inner = parts === undefined ? content : Buffer.concat(parts.map(write));
  return Buffer.concat([Buffer.of(tag, ...spelled(inner.length)), inner, end]);
}

/** Reads bytes that are DER. */
export function read(bytes: Uint8Array): Node {
  return valueAt(Buffer.from(bytes), 0)[0];
}

function valueAt(bytes: Buffer, start: number): [node: Node, end: number] {
  const tag = bytes.readUInt8(start);
  const short = bytes.readUInt8(start + 1);
  const digits = short < 0x80 ? 0 : short & 0x7f;
  const from = start + 2 + digits;
  const end = from + (digits === 0 ? short : bytes.readUIntBE(start + 2, digits));
  if ((tag & 0x20) === 0) return [{ tag, content: bytes.subarray(from, end) }, end];
  const parts: Node[] = [];
  for (let place = from; place < end; ) {
    const [part, next] = valueAt(bytes, place);
    parts.push(part);
    place = next;
  }
  return [{ tag, parts }, end];
}

/** The value, and all inside of it. */
export function all(node: Node): Node[] {
  return [node, ...(node.parts ?? []).flatMap(all)];
}

function shortest(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

type Mutation = (root: Node, random: Random) => void;

const ofParts = (change: (parts: Node[], random: Random, node: Node) => void): Mutation => (root, random) => {
  const node = random.pick(all(root).filter(({ parts }) => parts !== undefined && parts.length > 0));
  change(node.parts ?? [], random, node);
};
const ofContent = (change: (content: Buffer, random: Random) => Uint8Array): Mutation => (root, random) => {
  const node = random.pick(all(root).filter(({ content }) => content !== undefined));
  node.content = Buffer.from(change(Buffer.from(node.content ?? []), random));
};
const ofTag = (tags: readonly number[], change: (node: Node, random: Random) => void): Mutation => (root, random) => {
  const nodes = all(root).filter(({ tag }) => tags.includes(tag));
  if (nodes.length > 0) change(random.pick(nodes), random);
};

/** Changes that leave DER. */
export const changes: Readonly<Record<string, Mutation>> = {
  'part removed': ofParts((parts, random) => void parts.splice(random.below(parts.length), 1)),
  'part doubled': ofParts((parts, random) => {
    const at = random.below(parts.length);
    parts.splice(at, 0, copied(parts[at]));
  }),
  'parts swapped': ofParts((parts, random) => void parts.push(...parts.splice(random.below(parts.length), 1))),
  'parts reversed': ofParts((parts) => void parts.splice(0, parts.length, ...parts.toReversed())),
  'part added': ofParts((parts, random) => {
    const part = random.pick(['0500', '020100', '0101ff', '3000', '0400', 'a000', '800100', 'a1020500', '06032a0304', '180f32303231303630313132303030305a']);
    parts.splice(random.below(parts.length + 1), 0, read(Buffer.from(part, 'hex')));
  }),
  'part moved': (root, random) => {
    const nodes = all(root);
    const [from, to] = [random.pick(nodes), random.pick(nodes.filter(({ parts }) => parts !== undefined))];
    to.parts?.splice(random.below(to.parts.length + 1), 0, copied(from));
  },
  'tag changed': (root, random) => {
    const node = random.pick(all(root));
    const tags = node.parts === undefined ? [0x02, 0x04, 0x05, 0x06, 0x0c, 0x17, 0x18, 0x80, 0x81] : [0x30, 0x31, 0xa0, 0xa1, 0xa2, 0xa4];
    node.tag = random.pick(tags);
  },
  'bit flipped': ofContent((content, random) => {
    const at = random.below(content.length);
    if (content.length > 0) content.writeUInt8(content.readUInt8(at) ^ (1 << random.below(8)), at);
    return content;
  }),
  'content cut': ofContent((content, random) => content.subarray(0, random.below(content.length + 1))),
  'content longer': ofContent((content, random) => Buffer.concat([content, Buffer.of(random.below(256))])),
  'content repeated': ofContent((content, random) => Buffer.concat(random.times(1 + random.below(20), () => content))),
};

/** Changes of the spelling, which DER has not. */
export const spellings: Readonly<Record<string, Mutation>> = {
  'length longer': (root, random) => {
    random.pick(all(root)).spelled = (length) => [0x84, 0, 0, length >> 8, length & 0xff];
  },
  'length left open': ofParts((_parts, _random, node) => {
    node.spelled = () => [0x80];
    node.end = Buffer.alloc(2);
  }),
  'integer padded': ofTag([0x02], (node) => {
    const content = node.content ?? Buffer.alloc(0);
    node.content = Buffer.concat([Buffer.of((content[0] ?? 0) < 0x80 ? 0 : 0xff), content]);
  }),
  'integer empty': ofTag([0x02], (node) => void (node.content = Buffer.alloc(0))),
  'boolean odd': ofTag([0x01], (node, random) => void (node.content = Buffer.of(1 + random.below(254)))),
  'NULL full': ofTag([0x05], (node) => void (node.content = Buffer.of(0))),
  'identifier padded': ofTag([0x06], (node) => void (node.content = Buffer.concat([Buffer.of(0x80), node.content ?? Buffer.alloc(0)]))),
  'string in pieces': ofTag([0x04], (node) => {
    node.parts = [{ tag: 0x04, content: node.content ?? Buffer.alloc(0) }];
    node.tag = 0x24;
  }),
};

/** A value with all inside of it, however it is spelled. */
function copied(node: Node | undefined): Node {
  const { parts, ...rest } = node ?? { tag: 0x05 };
  return parts === undefined ? rest : { ...rest, parts: parts.map(copied) };
}
