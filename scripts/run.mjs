// Running other programs, and saying on one line what runs and how long it took. Node built-ins only: everything under
// scripts/ must work before `npm ci` has run.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, without a slash at its end. */
export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** A path inside the project. */
export const inProject = (...parts) => join(projectRoot, ...parts);

/** Where cargo builds what is run from there. */
export const targetFolder = process.env.CARGO_TARGET_DIR ?? inProject('target');

/** Milliseconds as `0.4 s` or `2 min 5 s`. */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** The folder for everything temporary, git-ignored. Nothing here writes to the system's own temporary folder. */
export const temporaryFolder = inProject('tmp');

const childEnvironment = {
  ...process.env,
  CARGO_TERM_COLOR: 'never',
  NO_COLOR: '1',
  PYTHONDONTWRITEBYTECODE: '1',
  // Tests ask the system for its temporary folder; this keeps them inside the project.
  TMPDIR: temporaryFolder,
  TEMP: temporaryFolder,
  TMP: temporaryFolder,
};
// Colour asked for by the caller would end up in output that is parsed here.
delete childEnvironment.FORCE_COLOR;
delete childEnvironment.CLICOLOR_FORCE;

/**
 * Runs a program to its end and resolves, whatever its exit code, with `{code, missing, stdout, stderr, output}`.
 *
 * `output` is standard output and standard error as they came; `code` is null when the program was ended by a signal or
 * by `timeout` (milliseconds), and 127 with `missing` true when there is no such program. With `whole` the timeout also ends
 * what the program started.
 */
export function run(command, args, { cwd = projectRoot, env = {}, timeout, whole = false } = {}) {
  return new Promise((resolve) => {
    const [stdout, stderr, output] = [[], [], []];
    const child = spawn(command, args, {
      cwd,
      env: { ...childEnvironment, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: whole ? undefined : timeout,
      killSignal: 'SIGKILL',
      detached: whole,
    });
    // As the leader of a group, by whose negative number all of it is ended.
    const timer = whole && setTimeout(() => process.kill(-child.pid, 'SIGKILL'), timeout);
    child.on('close', () => clearTimeout(timer));
    const finish = (code, missing, note = '') =>
      resolve({ code, missing, stdout: textOf(stdout), stderr: textOf(stderr), output: textOf(output) + note });
    child.stdout.on('data', (chunk) => {
      stdout.push(chunk);
      output.push(chunk);
    });
    child.stderr.on('data', (chunk) => {
      stderr.push(chunk);
      output.push(chunk);
    });
    child.on('error', (error) => finish(127, error.code === 'ENOENT', `${command}: ${error.message}\n`));
    child.on('close', (code, signal) => finish(code, false, signal === null ? '' : `${command}: ended by ${signal}\n`));
  });
}

const textOf = (chunks) => Buffer.concat(chunks).toString();

/** Runs a program that prints straight to the terminal; resolves with its exit code, 1 if a signal ended it. */
export function runAttached(command, args, { cwd = projectRoot } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, TMPDIR: temporaryFolder }, stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/**
 * The script of a command-line tool that a development dependency brings, to be run with Node itself: the shims in
 * node_modules/.bin are shell scripts on Windows.
 */
export function toolPath(packageName, binary) {
  const folder = inProject('node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : bin[binary]);
}

/** Runs such a tool; the result is that of `run`. */
export const runTool = (packageName, binary, args, options) =>
  run(process.execPath, [toolPath(packageName, binary), ...args], options);

/**
 * Runs TypeScript's compiler; the result is that of `run`. It is that of TypeScript 7, which takes a fifth of the time; 6 is
 * there for its API (package/exports.mjs), which 7 does not have.
 */
export const runTsc = (args, options) => runTool('typescript-7', 'tsc', args, options);

/** Runs npm, with the Node that runs this; the result is that of `run`. */
export function runNpm(args, options) {
  // On Windows the program on PATH is a script of the shell, and what it starts lies below.
  const below = process.platform === 'win32' ? ['node_modules', 'npm', 'bin', 'npm-cli.js'] : ['npm'];
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, ...below));
  const found = [process.env.npm_execpath ?? '', ...onPath].filter((path) => existsSync(path)).map((path) => realpathSync(path));
  const script = found.find((path) => basename(path) === 'npm-cli.js');
  return script === undefined ? run('npm', args, options) : run(process.execPath, [script, ...args], options);
}
