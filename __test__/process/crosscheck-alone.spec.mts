// Crosscheck needs nothing native: it verifies where there is no addon and none could be loaded, and what it imports
// is JavaScript that a browser has, too.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import test from 'ava';
import { build } from 'esbuild';
import { newFolder } from '../helpers/folders.mts';
import { projectRoot } from '../helpers/project.mts';
import { peerPath } from '../helpers/vectors.mts';

const dist = join(projectRoot, 'dist');
const dependencies = ['json-canonicalize', 'libsodium-wrappers', 'libsodium'];

const child = `
  process.dlopen = () => {
    throw new Error('an addon was loaded');
  };
  const modules = new Set(Object.keys(require.cache));
  const crosscheck = require('sealwright/crosscheck');
  const loaded = Object.keys(require.cache).filter((file) => !modules.has(file));
  crosscheck.verifyFile(process.argv[1]).then((report) => {
    let missing = '';
    try {
      require('sealwright');
    } catch (error) {
      missing = error.code;
    }
    console.log(JSON.stringify({ loaded, verdict: report.verdict, events: report.eventCount, missing }));
  });
`;

test('a copy without addon, where none can be loaded, verifies', (t) => {
  const folder = newFolder(t);
  const copy = join(folder, 'node_modules', 'sealwright');
  mkdirSync(copy, { recursive: true });
  cpSync(dist, join(copy, 'dist'), { recursive: true });
  cpSync(join(projectRoot, 'package.json'), join(copy, 'package.json'));
  for (const name of dependencies) {
    cpSync(join(projectRoot, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true });
  }
  const ledger = peerPath('ledger_200.ndjson');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', child, ledger], {
    cwd: folder,
    encoding: 'utf8',
  });
  t.is(status, 0, stderr);
  const { loaded, ...found } = JSON.parse(stdout) as { readonly loaded: readonly string[] };
  t.deepEqual(found as object, { verdict: 'intact', events: 200, missing: 'ERR_ADDON_LOAD' });
  t.deepEqual(
    loaded.filter((file) => file.includes('libsodium')),
    [],
    'libsodium is loaded when it is needed',
  );
});

test('bundled for Node.js into one file it verifies, with no package beside it', async (t) => {
  const folder = newFolder(t);
  const bundle = join(folder, 'crosscheck.cjs');
  const entry = join(dist, 'crosscheck', 'index.js');
  const { warnings } = await build({
    entryPoints: [entry],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    logLevel: 'silent',
  });
  t.deepEqual(warnings, []);
  const program = `
    // Nothing is found above this folder either.
    require('node:module').createRequire = () => () => { throw new Error('not found'); };
    require(process.argv[1]).verifyFile(process.argv[2]).then(({ verdict }) => console.log(verdict));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program, bundle, peerPath('ledger_200.ndjson')], {
    encoding: 'utf8',
  });
  t.is(stdout, 'intact\n', stderr);
});

test('its static imports lead to no module of Node.js and to no addon', (t) => {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, name = ''] of text.matchAll(/(?:\brequire|\bimport)\(\s*["']([^"']+)["']\s*\)/g)) {
      t.false(name.startsWith('node:') || builtinModules.includes(name) || name.endsWith('.node'), `${file}: ${name}`);
      if (name.startsWith('.')) visit(join(dirname(file), name));
      else packages.add(name);
    }
    t.false(/\bfrom\s+["']/.test(text), `${file} is not CommonJS`);
  };
  visit(join(dist, 'crosscheck', 'index.js'));
  t.deepEqual([...packages].toSorted(), ['json-canonicalize', 'libsodium-wrappers']);
  const outside = [...seen].map((file) => relative(dist, file)).filter((file) => !file.startsWith('crosscheck'));
  t.deepEqual(outside.toSorted(), ['args.js', 'bytes.js', 'errors.js', 'float.js', 'report.js', 'until-aborted.js']);
});

test('it exports what it promises, and nothing else', (t) => {
  const exported = createRequire(import.meta.url)('sealwright/crosscheck') as object;
  t.deepEqual(Object.keys(exported).toSorted(), [
    'ChainError',
    'ChainReport',
    'LedgerError',
    'SealwrightError',
    'SealwrightRangeError',
    'SealwrightTypeError',
    'canonicalJson',
    'float',
    'verifyFile',
    'verifyLines',
  ]);
});
