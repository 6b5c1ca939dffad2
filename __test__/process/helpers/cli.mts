// The program `sealwright`, run as a process of its own: to its end, to be led on and interrupted, or on a terminal.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { projectRoot } from '../../helpers/project.mts';

/** How it is started. */
export interface CliOptions {
  /** Default the folder of the project. */
  readonly cwd?: string;
  /** Variables on top of those of this process, of which `SEALWRIGHT_*` and those about colours are left out. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads from standard input. Default nothing. */
  readonly input?: string | Uint8Array;
  /** A program and its arguments that starts it, such as `unshare`. */
  readonly through?: readonly string[];
  /** Another program than {@link cliPath}. */
  readonly program?: string;
  /** The ids of the user and group that it runs as. */
  readonly uid?: number;
}

/** How it ended. */
export interface CliEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The file that `npx sealwright` runs. */
export const cliPath = join(projectRoot, 'dist', 'cli', 'main.js');

/** Runs it to its end. */
export function runCli(t: ExecutionContext, words: readonly string[], options: CliOptions = {}): Promise<CliEnd> {
  const running = new RunningCli(t, words, options);
  running.finishInput(options.input);
  return running.end;
}

/** Runs it, requires an exit code, and gives what it printed; whatever it printed else is shown when that is another. */
export async function cliOutput(
  t: ExecutionContext,
  words: readonly string[],
  { code = 0, ...options }: CliOptions & { readonly code?: number } = {},
): Promise<string> {
  const end = await runCli(t, words, options);
  t.is(end.code, code, `sealwright ${words.join(' ')}\n${end.stdout}${end.stderr}`);
  return end.stdout;
}

/** The program while it runs; it ends with its test. */
export class RunningCli {
  /** Resolves when it has ended and all that it printed was read. */
  readonly end: Promise<CliEnd>;
  readonly #process: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #stdout = '';
  #stderr = '';
  #hasEnded = false;

  constructor(t: ExecutionContext, words: readonly string[], { cwd = projectRoot, env, through = [], program = cliPath, uid }: CliOptions = {}) {
    t.timeout(90_000);
    const [command = '', ...rest] = [...through, process.execPath, program, ...words];
    const identity = uid === undefined ? {} : { uid, gid: uid };
    const child = spawn(command, rest, { cwd, env: { ...plainEnvironment(), ...env }, stdio: 'pipe', ...identity });
    this.#process = child;
    // It may end before it has read what it is told.
    child.stdin.on('error', () => undefined);
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.#stdout += text)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#heard(() => (this.#stderr += text)));
    this.end = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        this.#heard(() => (this.#hasEnded = true));
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
    t.teardown(() => child.kill('SIGKILL'));
  }

  /** What it has printed so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** Its complaints so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Waits until it has printed something. Rejects when it ends before. */
  async printed(pattern: RegExp | string): Promise<void> {
    const isThere = () => (typeof pattern === 'string' ? this.#stdout.includes(pattern) : pattern.test(this.#stdout));
    while (!isThere()) {
      if (this.#hasEnded) throw new Error(`it ended without ${String(pattern)}:\n${this.#stdout}${this.#stderr}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Sends it what Ctrl-C sends. */
  interrupt(): void {
    this.#process.kill('SIGINT');
  }

  /** Sends it what ends a service. */
  terminate(): void {
    this.#process.kill('SIGTERM');
  }

  /** Ends what it reads from standard input. */
  finishInput(rest?: string | Uint8Array): void {
    if (rest === undefined) this.#process.stdin?.end();
    else this.#process.stdin?.end(rest);
  }

  /** Reads nothing of what it prints for a while: it has to wait. */
  pauseOutput(): void {
    this.#process.stdout?.pause();
  }

  /** Reads on. */
  resumeOutput(): void {
    this.#process.stdout?.resume();
  }

  /** Stops reading what it prints, as `| head` does. */
  closeOutput(): void {
    this.#process.stdout?.destroy();
  }

  #heard(change: () => void): void {
    change();
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

/**
 * Runs it on a pseudo terminal of 100 columns; only with the part `python`. `streams` says which of its streams are that
 * terminal: what it prints there is `stdout` of the result, with the carriage returns that terminals put before line feeds
 * taken away.
 */
export async function runOnTerminal(
  t: ExecutionContext,
  words: readonly string[],
  { streams = '012', ...options }: CliOptions & { readonly streams?: '012' | '1' | '2' } = {},
): Promise<CliEnd> {
  const end = await runCli(t, words, onTerminal(options, streams));
  return { ...end, stdout: end.stdout.replaceAll('\r\n', '\n') };
}

/** Runs it on a pseudo terminal, all of its streams there, until it asks for yes or no, and types an answer. */
export async function answered(t: ExecutionContext, words: readonly string[], answer: string, options: CliOptions = {}): Promise<CliEnd> {
  const running = new RunningCli(t, words, onTerminal(options, '012'));
  await running.printed(/Yes[^]*No/);
  running.finishInput(answer);
  return running.end;
}

function onTerminal(options: CliOptions, streams: string): CliOptions {
  const script = join(projectRoot, '__test__', 'process', 'helpers', 'terminal.py');
  const env = { TERM: 'xterm-256color', PYTHONDONTWRITEBYTECODE: '1', ...options.env };
  return { ...options, env, through: ['python3', script, streams] };
}

/** The environment without what would change its output. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => isPlainVariable(name)));
}

/** Whether a variable of the environment changes nothing of its output. */
export function isPlainVariable(name: string): boolean {
  return !name.startsWith('SEALWRIGHT_') && !['NO_COLOR', 'FORCE_COLOR', 'CI'].includes(name);
}
