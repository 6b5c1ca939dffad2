// The projects of examples/hosts: for each host what a user of it writes, run as the user would run it, `npm run check`.

import { strict as assert } from 'node:assert';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { inProject, runNpm } from '../run.mjs';
import { requireSuccess } from '../suites/result.mjs';
import { hostVersion, inHosts } from './hosts.mjs';

const sources = inProject('examples', 'hosts');
/** What several of them run, beside them. */
const program = 'program.mjs';
/** Next.js compiles for most of a minute where the processor has other work. */
const timeLimit = 240_000;
/** What test runners and servers say of something that stays open. */
const staysOpen = /did not exit|open handle|failed to exit|hanging process|close timed out/i;

/** Of each host: the package that it is. Of a program also its path there, and the name that scripts call it by. */
const hosts = {
  bun: { from: '@oven/bun-linux-x64', path: 'bin/bun', command: 'bun' },
  cluster: {},
  deno: { from: '@deno/linux-x64-glibc', path: 'deno', command: 'deno' },
  electron: { obstacle: 'its program is downloaded from GitHub, no package of npm has it' },
  esbuild: { from: 'esbuild' },
  jest: { from: 'jest' },
  next: { from: 'next' },
  // The oldest even version whose permission model is no experiment.
  permission: { from: 'node-24', path: 'bin/node', command: 'node' },
  vite: { from: 'vite' },
  vitest: { from: 'vitest' },
  webpack: { from: 'webpack' },
};

/** Every project, as `{name, version, obstacle}`: the version of its host, and why it cannot run here, or undefined. */
export function hostProjects() {
  return Object.entries(hosts).map(([name, { from, obstacle }]) => {
    if (obstacle !== undefined) return { name, version: manifestOf(name).devDependencies[name], obstacle };
    if (from === undefined) return { name, version: process.versions.node };
    if (!existsSync(inHosts(from))) return { name, version: '', obstacle: `${from} is not for this platform` };
    return { name, version: hostVersion(from) };
  });
}

/** The projects there are, by their folders. */
export function projectFolders() {
  return readdirSync(sources, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

/**
 * Copies a project beside a `node_modules` with the package, and runs it there. Throws unless it ends by itself, and leaves
 * ledgers that verify under its key. The hosts are found in the `node_modules` above.
 */
export async function checkProject(folder, name) {
  requireVersions(name);
  const project = join(folder, name);
  cpSync(join(sources, name), project, { recursive: true });
  cpSync(join(sources, program), join(folder, program));
  const outcome = await runNpm(['run', 'check'], { cwd: project, env: environmentOf(folder, name), timeout: timeLimit, whole: true });
  requireSuccess(outcome, `npm run check in examples/hosts/${name}`);
  assert.doesNotMatch(outcome.output, staysOpen);
  await requireLedgers(folder, project);
}

/** A project asks for the versions that it is run with. */
function requireVersions(name) {
  const { version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const { dependencies, devDependencies } = manifestOf(name);
  for (const [dependency, wanted] of Object.entries({ ...dependencies, ...devDependencies })) {
    const found = dependency === 'sealwright' ? version : hostVersion(dependency);
    assert.equal(wanted, found, `examples/hosts/${name}/package.json: ${dependency}`);
  }
}

/** What a host keeps for itself it keeps in the folder, and it asks nobody for a newer version. */
function environmentOf(folder, name) {
  const temporary = join(folder, 'temporary');
  mkdirSync(temporary, { recursive: true });
  const caches = { DENO_DIR: temporary, BUN_RUNTIME_TRANSPILER_CACHE_PATH: temporary };
  const places = { TMPDIR: temporary, TEMP: temporary, TMP: temporary, ...caches };
  return { ...places, PATH: commandsFor(folder, name), NEXT_TELEMETRY_DISABLED: '1', DENO_NO_UPDATE_CHECK: '1' };
}

/** A PATH of Node, the shell that npm starts scripts with, and the host where it is a program. */
function commandsFor(folder, name) {
  const place = join(folder, 'commands', name);
  mkdirSync(place, { recursive: true });
  const { command, from, path } = hosts[name];
  const commands = { node: process.execPath, sh: '/bin/sh' };
  if (command !== undefined) commands[command] = inHosts(from, path);
  for (const [link, target] of Object.entries(commands)) symlinkSync(target, join(place, link));
  return place;
}

async function requireLedgers(folder, project) {
  const { SigningKeypair, verifyFile } = createRequire(join(folder, 'package.json'))('sealwright');
  const { publicKeyHex } = SigningKeypair.load(join(project, 'signing.key'));
  const ledgers = readdirSync(project).filter((file) => /^ledger.*\.ndjson$/.test(file));
  assert.ok(ledgers.length > 0, 'it left no ledger');
  for (const ledger of ledgers) {
    const { eventCount, verdict } = await verifyFile(join(project, ledger), { signers: publicKeyHex });
    // No better, for want of a head that was handed out.
    assert.equal(verdict, 'intact', ledger);
    assert.ok(eventCount >= 2, `${ledger} has ${eventCount} events`);
  }
}

const manifestOf = (name) => JSON.parse(readFileSync(join(sources, name, 'package.json'), 'utf8'));
