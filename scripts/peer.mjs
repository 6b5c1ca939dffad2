// The peers: a Python environment with the package whose ledger format is ours, with Attesto's, and with QWED's and PyJWT, for the
// tests that run them.
//
// It is made once, in target/peer-<digest of the requirements>, and taken again as long as it works. Who finds none makes
// one under a name of its own and renames it into place: several test processes that start at once do not meet.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const requirements = join(projectRoot, '__test__', 'process', 'helpers', 'peer-requirements.txt');
const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
const target = join(projectRoot, 'target');
const environment = join(target, `peer-${digest}`);

const pythons = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11'];
/** Milliseconds for each program that is run: a package index that does not answer must not hold the tests up. */
const timeLimit = 60_000;
/** Seconds that pip waits for an answer. */
const patience = '10';

/** The Python program of the environment; undefined where it cannot be made. Makes it, which takes some seconds. */
export function peerPython() {
  if (works(environment)) return pythonOf(environment);
  const python = pythons.find(canMakeEnvironments);
  if (python === undefined) return undefined;
  mkdirSync(target, { recursive: true });
  const folder = mkdtempSync(join(target, 'peer-new-'));
  try {
    if (!(make(python, folder) && works(folder))) return undefined;
    putInPlace(folder);
    return pythonOf(environment);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An environment may be renamed: its interpreter finds it by its own path. Only pip's own script would not. */
function make(python, folder) {
  const install = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--no-cache-dir'];
  const pinned = ['--no-deps', '--only-binary', ':all:', '--require-hashes', '--requirement', requirements];
  const limits = ['--timeout', patience, '--retries', '1'];
  return (
    succeeds(python, ['-m', 'venv', folder], folder) &&
    succeeds(pythonOf(folder), [...install, ...limits, ...pinned], folder)
  );
}

/** Renames a new environment to its name, unless another process was faster; one that does not work makes way. */
function putInPlace(folder) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      renameSync(folder, environment);
      return;
    } catch (error) {
      if (works(environment)) return;
      if (attempt === 2 || !existsSync(environment)) throw error;
      const aside = mkdtempSync(join(target, 'peer-old-'));
      renameSync(environment, join(aside, 'environment'));
      rmSync(aside, { recursive: true, force: true });
    }
  }
}

const check = `import provedex, jwt, cryptography.hazmat.primitives.asymmetric.ec, importlib.util as u, sys
provedex.canonical_json(1)
sys.exit(None in map(u.find_spec, ("attesto", "qwed_sdk", "qwed_new")))`;

const works = (folder) => existsSync(pythonOf(folder)) && succeeds(pythonOf(folder), ['-c', check], target);

const canMakeEnvironments = (python) =>
  succeeds(python, ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'], projectRoot);

const pythonOf = (folder) =>
  process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');

function succeeds(command, args, temporary) {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', TMPDIR: temporary };
  return spawnSync(command, args, { stdio: 'ignore', timeout: timeLimit, killSignal: 'SIGKILL', env }).status === 0;
}
