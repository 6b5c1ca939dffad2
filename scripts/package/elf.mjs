// What a shared object for Linux asks of the system's libraries, read from the ELF file itself ("System V ABI", chapter
// 4; "Linux Standard Base Core", section "Symbol Versioning"): little-endian files of 64 bits.

const sectionHeaders = { offset: 0x28, size: 0x3a, count: 0x3c };
const processors = { 62: 'x64', 183: 'arm64' }; // EM_X86_64, EM_AARCH64
const dynamicLinking = 6; // SHT_DYNAMIC
const neededVersions = 0x6ffffffe; // SHT_GNU_verneed
const neededLibrary = 1n; // DT_NEEDED

/** The processor that it is for, as Node.js names it. */
export const processorOf = (bytes) => processors[bytes.readUInt16LE(0x12)];

/** The libraries that are loaded with it, such as `libc.so.6`. */
export function neededLibraries(bytes) {
  const sections = sectionsOf(bytes);
  const names = [];
  for (const { type, offset, length, link } of sections) {
    if (type !== dynamicLinking) continue;
    // Entries of a tag and a value.
    for (let at = offset; at < offset + length; at += 16) {
      const value = Number(bytes.readBigUInt64LE(at + 8));
      if (bytes.readBigInt64LE(at) === neededLibrary) names.push(textAt(bytes, sections[link].offset + value));
    }
  }
  return names;
}

/** The versions that it needs its libraries to have, such as `GLIBC_2.14`, the same one possibly of several. */
export function neededSymbolVersions(bytes) {
  const sections = sectionsOf(bytes);
  const versions = [];
  for (const { type, offset, link } of sections) {
    if (type !== neededVersions) continue;
    const names = sections[link].offset;
    // One Verneed a library, each with a list of Vernaux; both are chained by offsets, 0 at the end.
    for (let library = offset, next = 1; next !== 0; library += next) {
      next = bytes.readUInt32LE(library + 12);
      for (let version = library + bytes.readUInt32LE(library + 8), further = 1; further !== 0; version += further) {
        further = bytes.readUInt32LE(version + 12);
        versions.push(textAt(bytes, names + bytes.readUInt32LE(version + 8)));
      }
    }
  }
  return versions;
}

/** The newest glibc version that it needs, such as `2.14`. */
export function neededGlibc(bytes) {
  const versions = neededSymbolVersions(bytes).flatMap((name) => /^GLIBC_([\d.]+)$/.exec(name)?.[1] ?? []);
  return versions.toSorted(compareVersions).at(-1);
}

/** Below, at or above zero, as `left` is older than, the same as or newer than `right`. */
export function compareVersions(left, right) {
  const [a, b] = [left, right].map((version) => version.split('.').map(Number));
  return a[0] - b[0] || (a[1] ?? 0) - (b[1] ?? 0) || (a[2] ?? 0) - (b[2] ?? 0);
}

function sectionsOf(bytes) {
  const magic = bytes.subarray(0, 6).toString('latin1');
  if (magic !== '\x7fELF\x02\x01') throw new Error('no little-endian ELF file of 64 bits');
  const first = Number(bytes.readBigUInt64LE(sectionHeaders.offset));
  const size = bytes.readUInt16LE(sectionHeaders.size);
  return Array.from({ length: bytes.readUInt16LE(sectionHeaders.count) }, (_, index) => {
    const header = first + index * size;
    return {
      type: bytes.readUInt32LE(header + 4),
      offset: Number(bytes.readBigUInt64LE(header + 0x18)),
      length: Number(bytes.readBigUInt64LE(header + 0x20)),
      link: bytes.readUInt32LE(header + 0x28),
    };
  });
}

function textAt(bytes, start) {
  return bytes.toString('latin1', start, bytes.indexOf(0, start));
}
