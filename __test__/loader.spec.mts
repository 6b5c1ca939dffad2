// Loading the addon: which one is taken on which machine, and what is said when none can be. Each test lays a copy of
// the package out in a folder of its own and imports it in a process that claims to run on another machine.

import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { newFolder } from './helpers/folders.mts';
import { projectRoot } from './helpers/parts.mts';

const run = promisify(execFile);
const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };
/** The addon that was built for this machine. */
const built = readdirSync(projectRoot).find(
  (name) => name.startsWith(`sealwright.${process.platform}-${process.arch}`) && name.endsWith('.node'),
);
if (built === undefined) throw new Error('there is no addon for this machine');
const builtAddon = join(projectRoot, built);

/** Expressions of what `process.report` is. */
const reports = {
  glibc: `{ getReport: () => ({ header: { glibcVersionRuntime: '2.36' }, sharedObjects: [] }) }`,
  musl: `{ getReport: () => ({ header: {}, sharedObjects: ['/lib/ld-musl-x86_64.so.1'] }) }`,
  neither: '{ getReport: () => ({}) }',
  refused: `{ getReport() { throw new Error('no report') } }`,
  absent: 'undefined',
};

/** The machine that a process claims to run on. */
interface Machine {
  readonly platform: string;
  readonly arch: string;
  readonly report?: keyof typeof reports;
  /** The path of its program. Default none that can be read. */
  readonly program?: string;
}

const musl: Machine = { platform: 'linux', arch: 'x64', report: 'musl' };
const glibc: Machine = { platform: 'linux', arch: 'x64', report: 'glibc' };

/** What importing the package gave. */
interface Loaded {
  /** Last part of the addon's path. */
  readonly addon?: string;
  readonly error?: { readonly name: string; readonly code: string; readonly message: string; readonly causes: string[] };
}

/** A copy of the package without an addon. */
class Package {
  readonly folder: string;

  constructor(t: ExecutionContext) {
    this.folder = join(newFolder(t), 'node_modules', 'sealwright');
    cpSync(join(projectRoot, 'dist'), join(this.folder, 'dist'), { recursive: true });
    copyFileSync(join(projectRoot, 'package.json'), join(this.folder, 'package.json'));
  }

  /** Where the addon of a local build lies. */
  local(triple: string): string {
    return join(this.folder, `sealwright.${triple}.node`);
  }

  /** Installs the package of a platform, whose only file is an addon, or a script in place of one. */
  platformPackage(triple: string, script?: string): string {
    const folder = join(dirname(this.folder), '@sealwright', triple);
    const main = join(folder, script === undefined ? `sealwright.${triple}.node` : 'index.js');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ main: basename(main) }));
    if (script === undefined) copyFileSync(builtAddon, main);
    else writeFileSync(main, script);
    return main;
  }

  /** Gives it another version than its addons have. */
  reversion(other: string): void {
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify({ version: other }));
  }

  /** Imports it in a new process. */
  async load({ platform, arch, report = 'absent', program = '/missing/node' }: Machine, ...flags: string[]): Promise<Loaded> {
    const define = (name: string, value: string) => `Object.defineProperty(process, '${name}', { value: ${value} });`;
    const preload = join(this.folder, 'machine.cjs');
    const machine = { platform: `'${platform}'`, arch: `'${arch}'`, report: reports[report], execPath: JSON.stringify(program) };
    writeFileSync(preload, Object.entries(machine).map(([name, value]) => define(name, value)).join(''));
    const script = `
      const say = (value) => console.log(JSON.stringify(value));
      try {
        const { native } = require(${JSON.stringify(join(this.folder, 'dist', 'native.js'))});
        const { filename } = Object.values(require.cache).find((loaded) => loaded.exports === native);
        say({ addon: require('node:path').basename(filename) });
      } catch (error) {
        const causes = error.cause.errors.map((cause) => cause.message.split('\\n')[0]);
        say({ error: { name: error.name, code: error.code, message: error.message, causes } });
      }`;
    const { stdout } = await run(process.execPath, [...flags, '--require', preload, '--eval', script]);
    return JSON.parse(stdout) as Loaded;
  }
}

const installAgain = `\
remedy: install again on this machine with "npm install --include=optional". If a lock file from another platform
or of an earlier version is in the way, delete node_modules and package-lock.json first. A bundler must leave
"sealwright" external. In a clone of the repository, build the addon with "npm run build".`;

type Attempts = readonly (readonly [tried: string, reason: string])[];

/** The whole text of the error for these attempts. */
function failureText(where: string, attempts: Attempts, remedy = installAgain): string {
  const tried = attempts.map(([path, reason]) => `  ${path}: ${reason}\n`).join('');
  return `no sealwright addon could be loaded for ${where}; tried\n${tried}${remedy}`;
}

/** What the system says of a file that it cannot load. */
function refusal(path: string): string {
  try {
    process.dlopen({ exports: {} }, path);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`${path} can be loaded`);
}

const machines: readonly (readonly [triple: string, machine: Machine])[] = [
  ['linux-x64-gnu', glibc],
  ['linux-x64-musl', musl],
  ['linux-arm64-gnu', { platform: 'linux', arch: 'arm64', report: 'glibc' }],
  ['linux-arm64-musl', { platform: 'linux', arch: 'arm64', report: 'musl' }],
  ['darwin-arm64', { platform: 'darwin', arch: 'arm64' }],
  ['darwin-x64', { platform: 'darwin', arch: 'x64' }],
  ['win32-x64-msvc', { platform: 'win32', arch: 'x64' }],
  ['win32-arm64-msvc', { platform: 'win32', arch: 'arm64' }],
  ['win32-x64-gnu', { platform: 'win32', arch: 'x64' }],
  ['win32-arm64-gnu', { platform: 'win32', arch: 'arm64' }],
];

for (const [triple, machine] of machines) {
  test(`${triple}: the platform package is loaded, and before it the addon of a local build`, async (t) => {
    const copy = new Package(t);
    copy.platformPackage(triple, `exports.version = () => '${version}';`);
    t.deepEqual(await copy.load(machine), { addon: 'index.js' });
    copyFileSync(builtAddon, copy.local(triple));
    t.deepEqual(await copy.load(machine), { addon: `sealwright.${triple}.node` });
  });
}

test('a platform package whose main file is the addon is loaded', async (t) => {
  const copy = new Package(t);
  copy.platformPackage('linux-x64-musl');
  t.deepEqual(await copy.load(musl), { addon: 'sealwright.linux-x64-musl.node' });
});

for (const report of ['neither', 'refused', 'absent'] as const) {
  test(`Linux whose libc is not known (report: ${report}): glibc is tried first, musl second`, async (t) => {
    const copy = new Package(t);
    const machine = { ...glibc, report };
    copyFileSync(builtAddon, copy.local('linux-x64-musl'));
    t.deepEqual(await copy.load(machine), { addon: 'sealwright.linux-x64-musl.node' });
    copyFileSync(builtAddon, copy.local('linux-x64-gnu'));
    t.deepEqual(await copy.load(machine), { addon: 'sealwright.linux-x64-gnu.node' });
  });
}

/** The front of a program that names a loader; without one, of one that is linked statically. */
function programOf(loader: string | undefined, { headers = 64, bits = 2 } = {}): Buffer {
  const front = Buffer.alloc(5000);
  front.write('7f454c46', 'hex');
  front.writeUInt8(bits, 4);
  front.writeUInt8(1, 5);
  front.writeBigUInt64LE(BigInt(headers), 32);
  front.writeUInt16LE(56, 54);
  front.writeUInt16LE(2, 56);
  if (headers > 4000) return front;
  const text = Buffer.from(`${loader ?? ''}\0`);
  text.copy(front, 600);
  front.writeUInt32LE(loader === undefined ? 1 : 3, headers + 56);
  front.writeBigUInt64LE(600n, headers + 56 + 8);
  front.writeBigUInt64LE(BigInt(text.length), headers + 56 + 32);
  return front;
}

const programs: readonly (readonly [title: string, bytes: Buffer, taken: 'gnu' | 'musl'])[] = [
  ['with the loader of glibc', programOf('/lib64/ld-linux-x86-64.so.2'), 'gnu'],
  ['with the loader of glibc on arm64', programOf('/lib/ld-linux-aarch64.so.1'), 'gnu'],
  ['with the loader of musl', programOf('/lib/ld-musl-x86_64.so.1'), 'musl'],
  // The report of these machines says the other libc.
  ['linked statically', programOf(undefined), 'musl'],
  ['with another loader', programOf('/system/bin/linker64'), 'musl'],
  ['with 32 bits', programOf('/lib/ld-linux.so.2', { bits: 1 }), 'musl'],
  ['with headers at its end', programOf(undefined, { headers: 4090 }), 'musl'],
  ['that is a script', Buffer.from('#!/bin/sh\n'), 'musl'],
  ['of no bytes', Buffer.alloc(0), 'musl'],
];

for (const [title, bytes, taken] of programs) {
  test(`Linux: a program ${title} takes the addon for ${taken}`, async (t) => {
    const copy = new Package(t);
    const path = join(newFolder(t), 'program');
    writeFileSync(path, bytes);
    for (const triple of ['linux-x64-gnu', 'linux-x64-musl']) copyFileSync(builtAddon, copy.local(triple));
    const report = title.includes('loader of musl') ? 'glibc' : 'musl';
    t.deepEqual(await copy.load({ ...glibc, report, program: path }), { addon: `sealwright.linux-x64-${taken}.node` });
  });
}

test('the addon for the other libc is not tried', async (t) => {
  const copy = new Package(t);
  copyFileSync(builtAddon, copy.local('linux-x64-gnu'));
  copy.platformPackage('linux-x64-gnu');
  const { error } = await copy.load(musl);
  const missing = (name: string) => `Cannot find module '${name}'`;
  t.deepEqual(error, {
    name: 'SealwrightError',
    code: 'ERR_ADDON_LOAD',
    message: failureText('platform linux, arch x64, libc musl', [
      [copy.local('linux-x64-musl'), missing('../sealwright.linux-x64-musl.node')],
      ['@sealwright/linux-x64-musl', missing('@sealwright/linux-x64-musl')],
    ]),
    causes: [missing('../sealwright.linux-x64-musl.node'), missing('@sealwright/linux-x64-musl')],
  });
});

test('Windows: both addons and both packages are tried', async (t) => {
  const copy = new Package(t);
  const { error } = await copy.load({ platform: 'win32', arch: 'x64' });
  const attempts = ['win32-x64-msvc', 'win32-x64-gnu'].flatMap((triple) => [
    [copy.local(triple), `Cannot find module '../sealwright.${triple}.node'`] as const,
    [`@sealwright/${triple}`, `Cannot find module '@sealwright/${triple}'`] as const,
  ]);
  t.is(error?.message, failureText('platform win32, arch x64, libc of the system', attempts));
});

test('a platform without addon: the error names it and those that have one', async (t) => {
  const { error } = await new Package(t).load({ platform: 'linux', arch: 's390x', report: 'glibc' });
  t.deepEqual(error, {
    name: 'SealwrightError',
    code: 'ERR_ADDON_LOAD',
    message:
      'there is no sealwright addon for platform linux, arch s390x, libc gnu; ' +
      `it exists for ${machines.map(([triple]) => triple).join(', ')}`,
    causes: [],
  });
});

const damages: readonly (readonly [title: string, damage: (addon: Buffer) => Buffer])[] = [
  ['of no bytes', () => Buffer.alloc(0)],
  ['that is a web page', () => Buffer.from('<!doctype html><title>404</title>'.padEnd(4096, '\n'))],
  // e_machine of an ELF header; a byte of the magic numbers or of the processor of the other formats.
  ['for another processor', (addon) => Buffer.concat([addon.subarray(0, 18), Buffer.from([0xff]), addon.subarray(19)])],
];

for (const [title, damage] of damages) {
  test(`an addon ${title}: the error quotes the system`, async (t) => {
    const copy = new Package(t);
    const path = copy.local('linux-x64-gnu');
    writeFileSync(path, damage(readFileSync(builtAddon)));
    const { error } = await copy.load(glibc);
    const attempts = [
      [path, refusal(path)],
      ['@sealwright/linux-x64-gnu', "Cannot find module '@sealwright/linux-x64-gnu'"],
    ] as const;
    t.is(error?.message, failureText('platform linux, arch x64, libc gnu', attempts));
  });
}

test('addons are not allowed: the error names the option that allows them', async (t) => {
  const copy = new Package(t);
  const path = copy.local('linux-x64-gnu');
  copyFileSync(builtAddon, path);
  const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
  const { error } = await copy.load(glibc, flag, '--allow-fs-read=*');
  const attempts = [
    [path, 'Cannot load native addon because loading addons is disabled.'],
    ['@sealwright/linux-x64-gnu', "Cannot find module '@sealwright/linux-x64-gnu'"],
  ] as const;
  const remedy = 'remedy: start Node.js with --allow-addons, without which its permission model loads no addon.';
  t.is(error?.message, failureText('platform linux, arch x64, libc gnu', attempts, remedy));
  t.deepEqual(await copy.load(glibc, flag, '--allow-fs-read=*', '--allow-addons'), { addon: 'sealwright.linux-x64-gnu.node' });
});

test('a damaged local build does not hide a good platform package', async (t) => {
  const copy = new Package(t);
  writeFileSync(copy.local('linux-x64-gnu'), '');
  copy.platformPackage('linux-x64-gnu', `exports.version = () => '${version}';`);
  t.deepEqual(await copy.load(glibc), { addon: 'index.js' });
});

test('an addon of another version is refused, be it a leftover of a build or of an install', async (t) => {
  const copy = new Package(t);
  copy.reversion('9.8.7');
  copyFileSync(builtAddon, copy.local('linux-x64-gnu'));
  copy.platformPackage('linux-x64-gnu');
  const { error } = await copy.load(glibc);
  const stale = `it is of version ${version}, this package of 9.8.7`;
  const attempts = [
    [copy.local('linux-x64-gnu'), stale],
    ['@sealwright/linux-x64-gnu', stale],
  ] as const;
  t.is(error?.code, 'ERR_ADDON_LOAD');
  t.is(error?.message, failureText('platform linux, arch x64, libc gnu', attempts));

  copy.platformPackage('linux-x64-gnu', `exports.version = () => '9.8.7';`);
  t.deepEqual(await copy.load(glibc), { addon: 'index.js' });
});

for (const script of ['module.exports = {};', 'module.exports = undefined;', `exports.version = '${version}';`]) {
  test(`something that is no addon (${script}) is refused`, async (t) => {
    const copy = new Package(t);
    copy.platformPackage('linux-x64-gnu', script);
    const { error } = await copy.load(glibc);
    t.is(error?.causes.at(-1), `it is of an unknown version, this package of ${version}`);
  });
}

test('the crates have the version of the package', (t) => {
  const cargo = readFileSync(join(projectRoot, 'Cargo.toml'), 'utf8');
  t.is(/^\[workspace\.package\]\nversion = "([^"]+)"$/m.exec(cargo)?.[1], version);
});
