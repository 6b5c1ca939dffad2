// Child programs: each is a file of `children/`, says JSON lines on its standard output, and may be told words.

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

/** How a child program is started. */
export interface ChildOptions {
  /** What it is started with, as JSON. */
  readonly input?: unknown;
  /** A program and its arguments that starts it, such as strace. */
  readonly through?: readonly string[];
  /** Options of Node. */
  readonly flags?: readonly string[];
}

/** How a child program ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it said that nobody waited for. */
  readonly messages: readonly unknown[];
  readonly stderr: string;
  /** `performance.now()` of when it was noticed. */
  readonly at: number;
}

/** A child program that runs until it ends or its test does. */
export class Child {
  /** Resolves when it has ended and everything it said was read. */
  readonly end: Promise<End>;
  readonly #process: ChildProcess;
  readonly #messages: unknown[] = [];
  readonly #waiting: { resolve(message: unknown): void; reject(error: Error): void }[] = [];
  #stderr = '';
  #rest = '';

  /** Starts `children/<name>.mts`; the end of the test kills it. */
  constructor(t: ExecutionContext, name: string, { input, through = [], flags = [] }: ChildOptions = {}) {
    t.timeout(90_000);
    const file = fileURLToPath(new URL(`../children/${name}.mjs`, import.meta.url));
    const [command = '', ...rest] = [...through, process.execPath, ...flags, file, JSON.stringify(input ?? null)];
    // A process group of its own, so that what it was started through ends with it.
    const child = spawn(command, rest, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process = child;
    child.stdin.on('error', () => undefined);
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.end = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        const end = { code, signal, messages: this.#messages, stderr: this.#stderr, at: performance.now() };
        const error = new Error(`${name} ended (${code ?? signal}) without another word\n${this.#stderr}`);
        for (const { reject: refuse } of this.#waiting) refuse(error);
        resolve(end);
      });
    });
    t.teardown(async () => {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has just ended.
      }
      await this.end;
    });
  }

  /** The id of the process that was started. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** What it says next. */
  next<Message = unknown>(): Promise<Message> {
    if (this.#messages.length > 0) return Promise.resolve(this.#messages.shift() as Message);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve: resolve as (message: unknown) => void, reject });
    });
  }

  /** Tells it a word. */
  tell(word = 'go'): void {
    this.#process.stdin?.write(`${word}\n`);
  }

  /** Ends its standard input. */
  hangUp(): void {
    this.#process.stdin?.end();
  }

  /** Ends it with SIGKILL. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const message = JSON.parse(line) as unknown;
      const first = this.#waiting.shift();
      if (first === undefined) this.#messages.push(message);
      else first.resolve(message);
    }
  }
}

/** Runs a child program to its end, which must be a good one; gives what it said. */
export async function runChild<Message = unknown>(
  t: ExecutionContext,
  name: string,
  options?: ChildOptions,
): Promise<Message[]> {
  const { code, signal, messages, stderr } = await new Child(t, name, options).end;
  t.deepEqual({ code, signal }, { code: 0, signal: null }, stderr);
  return messages as Message[];
}
