// The package as a user gets it: packed, installed from a registry into an empty project, then used by programs of many
// kinds (__test__/hosts), each of which must end by itself.

import { strict as assert } from 'node:assert';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bareEnvironment, installedPackages, installInto, layOutPrograms, runIn } from '../package/consumer.mjs';
import { hostNodes, inHosts, runHostTool } from '../package/hosts.mjs';
import { platformManifest, platforms } from '../package/platforms.mjs';
import { publishedPackages } from '../package/published.mjs';
import { serveRegistry } from '../package/registry.mjs';
import { tableOf } from '../package/table.mjs';
import { duration, inProject } from '../run.mjs';
import { packed } from './package.mjs';
import { requireSuccess, runTests } from './result.mjs';

/** The most packages that an installation of this one may bring, itself included. */
const mostPackages = 6;
const timeLimit = 60_000;
const ownNode = { name: process.versions.node, path: process.execPath };

/** Tests of the installation, then one for each host and version of Node; a table says how each went. */
export async function install({ parts, folder }) {
  const project = join(folder, 'consumer');
  const { platform, ...made } = await packed({ folder });
  const packages = await publishedPackages(folder, made, [platform]);
  const installation = [
    ['npm installs the package', [], () => installFromRegistry(project, packages, platform)],
    ['npm installs it from its cache alone', [], () => installFromCache(join(folder, 'offline'), project)],
    ['npm installs the package of its platform on each', [], () => chooseAmongPlatforms(folder, packages)],
    ['without the package of its platform it says what to do', [], () => withoutPlatform(join(folder, 'omitted'), platform)],
  ];
  const rows = [];
  const host = (title, needs, node, check) => [
    `${title}, Node ${node.name}`,
    needs,
    () => timed(rows, [title, node.name], check),
  ];
  const nodes = parts.has('hosts') ? hostNodes() : [];
  const programs = (nodes.length === 0 ? [ownNode] : nodes).flatMap((node) => [
    host('import', [], node, () => program(project, node, 'esm/main.mjs')),
    host('require', [], node, () => program(project, node, 'cjs/main.cjs')),
    host('worker_threads', [], node, () => program(project, node, 'worker/main.mjs')),
    host('platform package', [], node, () => program(project, node, 'prebuilt/main.cjs', platform.platform, inProject('vectors'))),
  ]);
  const tools = [
    host('TypeScript nodenext', ['hosts'], ownNode, () => typescript(project, nodenext)),
    host('TypeScript bundler', ['hosts'], ownNode, () => typescript(project, bundler)),
    host('jest', ['hosts'], ownNode, () => jest(project)),
    host('vitest processes', ['hosts'], ownNode, () => vitest(project, 'forks')),
    host('vitest threads', ['hosts'], ownNode, () => vitest(project, 'threads')),
    host('esbuild', ['hosts'], ownNode, () => esbuild(project)),
  ];
  const result = await runTests([...installation, ...programs, ...tools], parts);
  return { ...result, table: tableOf([['host', 'Node', 'result', 'time'], ...rows]) };
}

let registryUrl;

async function installFromRegistry(project, packages, platform) {
  const registry = await serveRegistry(packages);
  registryUrl = registry.url;
  try {
    requireSuccess(await installInto(project, ['--registry', registry.url]), 'npm install');
  } finally {
    registry.close();
  }
  assert.deepEqual(registry.unknown, [], 'npm asked for packages that the package does not depend on');
  const installed = installedPackages(project);
  assert.ok(installed.length <= mostPackages, `more than ${mostPackages} packages:\n${installed.join('\n')}`);
  assert.deepEqual(installedPlatforms(project), [platform.name]);
  layOutPrograms(project);
}

/** npm is told what machine it is on. */
async function chooseAmongPlatforms(folder, packages) {
  const registry = await serveRegistry(packages);
  try {
    for (const { name } of platforms) {
      const { os, cpu, libc } = platformManifest(name);
      const machine = Object.entries({ os, cpu, libc }).flatMap(([option, value]) => (value ? [`--${option}=${value[0]}`] : []));
      const project = join(folder, `on-${name}`);
      requireSuccess(await installInto(project, ['--registry', registry.url, ...machine]), `npm install ${machine.join(' ')}`);
      assert.deepEqual(installedPlatforms(project), [`@sealwright/${name}`]);
    }
  } finally {
    registry.close();
  }
}

/** The registry is gone, so a request for anything would fail. */
async function installFromCache(project, first) {
  await installOffline(project, []);
  assert.deepEqual(installedPackages(project), installedPackages(first));
}

async function withoutPlatform(project, { name }) {
  await installOffline(project, ['--omit=optional']);
  assert.deepEqual(installedPlatforms(project), []);
  const { code, output } = await runIn(project, ownNode.path, ['--eval', "require('sealwright')"]);
  assert.equal(code, 1, output);
  for (const part of ['ERR_ADDON_LOAD', `Cannot find module '${name}'`, 'npm install --include=optional']) {
    assert.ok(output.includes(part), `it does not say ${part}:\n${output}`);
  }
}

async function installOffline(project, options) {
  requireSuccess(await installInto(project, ['--offline', '--registry', registryUrl, ...options]), 'npm install --offline');
}

/** The platform packages that are installed there. */
const installedPlatforms = (project) =>
  installedPackages(project).flatMap((line) => /^node_modules\/(@sealwright\/\S+)/.exec(line)?.[1] ?? []);

async function program(project, node, ...args) {
  requireSuccess(await runIn(project, node.path, args), args[0]);
}

const nodenext = { resolution: { module: 'nodenext' }, sources: ['main.mts', 'main.cts'], scripts: ['main.mjs', 'main.cjs'] };
const bundler = { resolution: { module: 'esnext', moduleResolution: 'bundler' }, sources: ['main.ts'], scripts: ['main.js'] };

/** Compiles the same program as every kind of module that the resolution has, and runs what comes out. */
async function typescript(project, { resolution, sources, scripts }) {
  const folder = join(project, 'typescript');
  const outDir = join(folder, resolution.module);
  for (const source of sources) if (source !== 'main.ts') copyFileSync(join(folder, 'main.ts'), join(folder, source));
  const config = join(folder, `tsconfig.${resolution.module}.json`);
  const compilerOptions = { ...resolution, rootDir: folder, outDir, typeRoots: [inHosts('@types')] };
  writeFileSync(config, JSON.stringify({ extends: './tsconfig.json', compilerOptions, files: sources }));
  const outcome = await runHostTool('typescript', 'tsc', ['-p', config, '--pretty', 'false']);
  requireSuccess(outcome, 'tsc');
  // Modules for a bundler have no extension of their own.
  if (resolution === bundler.resolution) writeFileSync(join(outDir, 'package.json'), '{ "type": "module" }\n');
  for (const script of scripts) await program(project, ownNode, join(outDir, script));
}

async function jest(project) {
  const config = { rootDir: join(project, 'jest'), transform: {}, watchman: false, testMatch: ['**/*.test.cjs'] };
  const args = ['--config', JSON.stringify(config), '--cacheDirectory', join(project, 'jest', 'cache')];
  const outcome = await runTestRunner(project, 'jest', 'jest', args);
  assert.match(outcome.output, /Tests: +1 passed, 1 total/, outcome.output);
  assert.doesNotMatch(outcome.output, /did not exit|open handle|failed to exit/i, outcome.output);
}

/** Vitest ends its own workers, whatever they still have open: that a test leaves nothing behind is seen under jest. */
async function vitest(project, pool) {
  const root = join(project, 'vitest');
  const args = ['run', '--root', root, '--globals', '--pool', pool];
  const outcome = await runTestRunner(project, 'vitest', 'vitest', args);
  assert.match(outcome.output, /Tests +1 passed \(1\)/, outcome.output);
  assert.doesNotMatch(outcome.output, /hanging process|Error|close timed out/i, outcome.output);
}

async function runTestRunner(project, name, binary, args) {
  const options = { cwd: project, env: bareEnvironment(project), timeout: timeLimit };
  const outcome = await runHostTool(name, binary, args, options);
  requireSuccess(outcome, name);
  return outcome;
}

async function esbuild(project) {
  const bundle = join(project, 'esbuild', 'out', 'main.mjs');
  mkdirSync(join(project, 'esbuild', 'out'));
  const { build } = await import(inHosts('esbuild', 'lib', 'main.js'));
  await build({
    entryPoints: [join(project, 'esbuild', 'main.mjs')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['sealwright'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  await program(project, ownNode, bundle);
}

async function timed(rows, cells, check) {
  const started = Date.now();
  let result = 'failed';
  try {
    await check();
    result = 'passed';
  } finally {
    rows.push([...cells, result, duration(Date.now() - started)]);
  }
}
