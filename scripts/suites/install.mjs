// The package as a user gets it: packed, installed from a registry into an empty project, then used by programs of every
// kind of module and version of Node (__test__/hosts), each of which must end by itself.

import { strict as assert } from 'node:assert';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedPackages, installInto, layOutPrograms, runIn } from '../package/consumer.mjs';
import { hostNodes, inHosts, runHostTool } from '../package/hosts.mjs';
import { platformManifest, platforms } from '../package/platforms.mjs';
import { publishedPackages } from '../package/published.mjs';
import { serveRegistry } from '../package/registry.mjs';
import { tableOf } from '../package/table.mjs';
import { inProject } from '../run.mjs';
import { packed } from './package.mjs';
import { requireSuccess, runTests, timed } from './result.mjs';
import { once } from './typescript.mjs';

/** The most packages that an installation of this one may bring, itself included. */
const mostPackages = 6;
const ownNode = { name: process.versions.node, path: process.execPath };

/** Tests of the installation, then one for each host and version of Node; a table says how each went. */
export async function install({ parts, folder }) {
  const project = join(folder, 'consumer');
  const { platform } = await packed({ folder });
  const installation = [
    ['npm installs the package', [], () => installed({ folder })],
    ['npm installs it from its cache alone', [], () => installFromCache(join(folder, 'offline'), project)],
    ['npm installs the package of its platform on each', [], () => chooseAmongPlatforms(folder)],
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
  ];
  const result = await runTests([...installation, ...programs, ...tools], parts);
  return { ...result, table: tableOf([['host', 'Node', 'result', 'time'], ...rows]) };
}

/** The project that the package of this run was installed into. */
export const installed = once(async ({ folder }) => {
  const project = join(folder, 'consumer');
  await installFromRegistry(project, await published({ folder }), (await packed({ folder })).platform);
  layOutPrograms(project);
  return project;
});

/** All that an installation of the package of this run asks for. */
const published = once(async ({ folder }) => {
  const { platform, ...made } = await packed({ folder });
  return publishedPackages(folder, made, [platform]);
});

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
  const names = installedPackages(project);
  assert.ok(names.length <= mostPackages, `more than ${mostPackages} packages:\n${names.join('\n')}`);
  assert.deepEqual(installedPlatforms(project), [platform.name]);
}

/** npm is told what machine it is on. */
async function chooseAmongPlatforms(folder) {
  const registry = await serveRegistry(await published({ folder }));
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
