// What a run needs: the addon and dist/, the program raw_limits, SQLite in bench/node_modules, and the peer's Python. The
// first two must be there; what else a machine lacks does not take part, and the report says so.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { peerPython } from '../scripts/peer.mjs';
import { inProject, run, runNpm } from '../scripts/run.mjs';
import { compileSources, prepare, shortPaths, step } from '../scripts/setup.mjs';

const require = createRequire(import.meta.url);
const folder = import.meta.dirname;

/** Builds and installs what is missing. */
export async function prepareBench() {
  await prepare();
  await step('TypeScript', compileSources);
  await step('raw_limits', buildRawLimits);
  if (!hasDependencies()) await step('npm ci in bench', installDependencies);
}

/** What `openContenders` takes. `absent` names what this machine lacks. */
export function loadParts() {
  const absent = [];
  const python = peerPython();
  if (python === undefined) absent.push('the peer: needs Python 3.11 or newer with venv, and its package');
  let sqlite;
  try {
    sqlite = require('@photostructure/sqlite');
  } catch (error) {
    absent.push(`SQLite: ${error.message.split('\n', 1)[0]}`);
  }
  const rawLimits = inProject('target', 'release', 'examples', process.platform === 'win32' ? 'raw_limits.exe' : 'raw_limits');
  return { sealwright: require('../dist/index.js'), rawLimits, python, sqlite, absent };
}

/** With the flags of the addon: what is below both is the same code, and compiled once where zig does not link the addon. */
async function buildRawLimits() {
  const what = ['--release', '--locked', '-p', 'sealwright-core', '--example', 'raw_limits'];
  return run('cargo', ['build', ...what, ...(await shortPaths())]);
}

const lockOf = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

function hasDependencies() {
  const installed = lockOf(join(folder, 'node_modules', '.package-lock.json'));
  const wanted = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages;
  if (installed === undefined) return false;
  const versions = JSON.parse(installed).packages;
  return Object.entries(wanted).every(([path, { version }]) => path === '' || versions[path]?.version === version);
}

/** Without install scripts: SQLite comes compiled for the usual platforms, and is left out on others. */
const installDependencies = () =>
  runNpm(['ci', '--ignore-scripts', '--include=optional', '--no-audit', '--no-fund'], { cwd: folder });
