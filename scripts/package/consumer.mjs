// An empty project of a user, which the package is installed into and where the programs of __test__/hosts are run.

import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inProject, run, runNpm } from '../run.mjs';
import { subpaths } from './exports.mjs';

const timeLimit = 60_000;

/**
 * Installs the package into a new project, with a cache and settings that lie beside it and with no compiler on PATH. No
 * script is run. Resolves with the result of `run`.
 */
export async function installInto(project, options) {
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "name": "consumer", "private": true }\n');
  const settings = ['--cache', join(project, '..', 'npm-cache'), '--userconfig', join(project, '..', 'npmrc')];
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier'];
  const env = { ...bareEnvironment(project), npm_config_noproxy: '127.0.0.1' };
  return runNpm(['install', 'sealwright', ...settings, ...quiet, ...options], { cwd: project, env, timeout: timeLimit });
}

/** What is installed there, a line each. */
export function installedPackages(project) {
  const { packages } = JSON.parse(readFileSync(join(project, 'node_modules', '.package-lock.json'), 'utf8'));
  return Object.entries(packages).map(([place, { version }]) => `${place} ${version}`);
}

/** Lays the programs beside node_modules, and tells them which subpaths the package exports. */
export function layOutPrograms(project) {
  const sources = inProject('__test__', 'hosts');
  const wanted = readdirSync(sources, { withFileTypes: true }).filter(
    (entry) => entry.name === 'smoke.cjs' || (entry.isDirectory() && entry.name !== 'node_modules'),
  );
  for (const { name } of wanted) cpSync(join(sources, name), join(project, name), { recursive: true });
  const specifiers = subpaths().map(({ specifier }) => specifier);
  writeFileSync(join(project, 'subpaths.json'), JSON.stringify(specifiers));
  const imports = specifiers.map((specifier, index) => `import * as subpath${index} from '${specifier}';`);
  const names = specifiers.map((_, index) => `Object.keys(subpath${index})`);
  const source = `${imports.join('\n')}\n\nexport const loaded: string[][] = [${names.join(', ')}];\n`;
  writeFileSync(join(project, 'typescript', 'subpaths.ts'), source);
}

/** Runs a program of the project to its end, by this Node; the result is that of `run`. */
export function runIn(project, node, args) {
  return run(node, args, { cwd: project, env: bareEnvironment(project), timeout: timeLimit });
}

/** PATH is a folder with Node in it and nothing else: no compiler, no Python, no git. */
export function bareEnvironment(project) {
  const programs = join(dirname(project), 'programs');
  mkdirSync(programs, { recursive: true });
  const link = join(programs, 'node');
  if (!existsSync(link)) symlinkSync(process.execPath, link);
  return { PATH: programs };
}
