// What a library for Windows says of itself, read from the file ("PE Format", Microsoft): PE32+, that is of 64 bits.

const processors = { 0x8664: 'x64', 0xaa64: 'arm64' };

/** The processor, and the libraries that are loaded with it, in lower case. */
export function portableExecutable(bytes) {
  const header = bytes.readUInt32LE(0x3c);
  const optional = header + 24;
  const isPe = bytes.toString('latin1', header, header + 4) === 'PE\0\0' && bytes.readUInt16LE(optional) === 0x20b;
  if (!isPe) throw new Error('no PE file of 64 bits');
  return { cpu: processors[bytes.readUInt16LE(header + 4)], libraries: importedLibraries(bytes, header, optional) };
}

function importedLibraries(bytes, header, optional) {
  const sections = optional + bytes.readUInt16LE(header + 20);
  const count = bytes.readUInt16LE(header + 6);
  /** Where in the file an address of the loaded library stands. */
  const inFile = (address) => {
    for (let at = sections; at < sections + count * 40; at += 40) {
      const offset = address - bytes.readUInt32LE(at + 12);
      if (offset >= 0 && offset < bytes.readUInt32LE(at + 16)) return bytes.readUInt32LE(at + 20) + offset;
    }
    throw new Error(`no section has the address ${address}`);
  };
  const names = [];
  // The second of the data directories: 20 bytes a library, zeros at the end.
  for (let at = inFile(bytes.readUInt32LE(optional + 120)); bytes.readUInt32LE(at + 12) !== 0; at += 20) {
    const start = inFile(bytes.readUInt32LE(at + 12));
    names.push(bytes.toString('latin1', start, bytes.indexOf(0, start)).toLowerCase());
  }
  return names;
}
