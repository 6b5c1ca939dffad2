// What an addon that was built for another platform must be, as far as its file tells.

import { strict as assert } from 'node:assert';
import { compareVersions, neededGlibc, neededLibraries, processorOf } from '../package/elf.mjs';
import { foldersOfThisMachine, largestAddon } from '../package/limits.mjs';
import { machO } from '../package/mach-o.mjs';
import { portableExecutable } from '../package/pe.mjs';
import { oldestGlibc } from '../package/zig.mjs';
import { oldestMacos } from './build.mjs';

/** Throws unless the addon is as it must be; returns what it asks of a system, in words. */
export function checkAddon(name, addon) {
  assert.ok(addon.length <= largestAddon, `${addon.length} bytes, at most ${largestAddon} are allowed`);
  assert.deepEqual(foldersOfThisMachine(addon), [], 'it names folders of this machine');
  const [os, cpu, abi] = name.split('-');
  return checks[os](addon, cpu, abi);
}

const checks = { linux: checkElf, darwin: checkMachO, win32: checkPortableExecutable };

/** musl is one library, whose version is that of the system. */
const muslLibraries = ['libc.so'];
const glibcLibraries = ['libc.so.6', 'libm.so.6', 'libpthread.so.0', 'libdl.so.2', 'librt.so.1'];

function checkElf(addon, cpu, abi) {
  assert.equal(processorOf(addon), cpu);
  const known = abi === 'musl' ? muslLibraries : [...glibcLibraries, 'ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1'];
  onlyOf(neededLibraries(addon), (library) => known.includes(library));
  if (abi === 'musl') return 'musl';
  const glibc = neededGlibc(addon);
  assert.ok(compareVersions(glibc, oldestGlibc) <= 0, `it needs glibc ${glibc}`);
  return `glibc ${glibc}`;
}

function checkMachO(addon, cpu) {
  const found = machO(addon);
  assert.deepEqual({ cpu: found.cpu, oldestMacos: found.oldestMacos }, { cpu, oldestMacos });
  // macOS loads nothing without a signature on these processors; one without a name, made by the linker, is enough.
  assert.ok(found.isSigned || cpu !== 'arm64', 'it is not signed');
  return `macOS ${found.oldestMacos}`;
}

/** The Universal C Runtime is in Windows from version 10 on, as is `bcryptprimitives.dll` with what Rust takes of it. */
function checkPortableExecutable(addon, cpu) {
  const found = portableExecutable(addon);
  assert.equal(found.cpu, cpu);
  const known = ['kernel32.dll', 'ntdll.dll', 'bcryptprimitives.dll', 'advapi32.dll', 'ws2_32.dll', 'userenv.dll'];
  onlyOf(found.libraries, (library) => known.includes(library) || /^api-ms-win-(core|crt)-/.test(library));
  return 'Windows 10';
}

function onlyOf(libraries, isKnown) {
  const others = libraries.filter((library) => !isKnown(library));
  assert.deepEqual(others, [], 'it needs further libraries');
}
