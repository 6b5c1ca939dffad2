// What a library for macOS says of itself, read from the Mach-O file (mach-o/loader.h): little-endian files of 64 bits for
// one processor.

const magic = 0xfeedfacf; // MH_MAGIC_64
const processors = { 0x01000007: 'x64', 0x0100000c: 'arm64' };
const codeSignature = 0x1d; // LC_CODE_SIGNATURE
const buildVersion = 0x32; // LC_BUILD_VERSION
const macos = 1; // PLATFORM_MACOS

/** The processor, the oldest macOS (such as `11.0`; undefined where none is named), and whether there is a signature. */
export function machO(bytes) {
  if (bytes.readUInt32LE(0) !== magic) throw new Error('no little-endian Mach-O file of 64 bits');
  const found = { cpu: processors[bytes.readUInt32LE(4)], oldestMacos: undefined, isSigned: false };
  // Load commands stand behind a header of 32 bytes; each begins with its kind and its size.
  for (let at = 32, left = bytes.readUInt32LE(16); left > 0; left -= 1, at += bytes.readUInt32LE(at + 4)) {
    const kind = bytes.readUInt32LE(at);
    if (kind === codeSignature) found.isSigned = bytes.readUInt32LE(at + 12) > 0;
    if (kind === buildVersion && bytes.readUInt32LE(at + 8) === macos) found.oldestMacos = version(bytes.readUInt32LE(at + 12));
  }
  return found;
}

/** Of the form xxxx.yy.zz, in four bytes. */
const version = (packed) => `${packed >>> 16}.${(packed >>> 8) & 0xff}`;
