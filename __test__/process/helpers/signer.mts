// The signer agent as a process.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { newFolder } from '../../helpers/folders.mts';
import { signerPath } from '../../helpers/parts.mts';
import { seed } from './fixture.mts';

export interface SignerOptions {
  /** User and group that it runs as. Default: those of the test. */
  readonly id?: number;
  /** Users that it answers. Default: that of the test. */
  readonly allow?: readonly number[];
  /** Further arguments. */
  readonly args?: readonly string[];
}

/** An agent with the key of the fixture, in a folder of its own; ends with its test. */
export class SignerAgent {
  readonly folder: string;
  readonly socket: string;
  /** What it wrote on its standard error. */
  stderr = '';
  readonly #options: SignerOptions;
  #process: ChildProcess | undefined;

  constructor(t: ExecutionContext, options: SignerOptions = {}) {
    const parent = newFolder(t);
    chmodSync(parent, 0o755);
    this.folder = join(parent, 'signer');
    // The path of a socket has 107 bytes at most, and folders of tests may be deep.
    this.socket = join(newFolder(t), 's');
    this.#options = options;
    mkdirSync(this.folder, { mode: 0o700 });
    writeFileSync(this.keyPath, seed, { mode: 0o600 });
    const run = join(this.socket, '..');
    chmodSync(run, 0o755);
    if (options.id !== undefined) for (const path of [this.folder, this.keyPath, run]) chownSync(path, options.id, options.id);
    t.teardown(() => this.kill());
  }

  get keyPath(): string {
    return join(this.folder, 'signing.key');
  }

  /** Starts it; resolves when it can be asked. */
  async start(): Promise<this> {
    const { id, allow = [process.getuid?.() ?? 0], args = [] } = this.#options;
    const users = allow.flatMap((user) => ['--allow-uid', String(user)]);
    const all = ['--folder', this.folder, '--socket', this.socket, ...users, ...args];
    const as = id === undefined ? {} : { uid: id, gid: id };
    const child = spawn(signerPath, all, { stdio: ['ignore', 'pipe', 'pipe'], ...as });
    this.#process = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    const ended = once(child, 'close').then(() => Promise.reject(new Error(`the signer has ended: ${this.stderr}`)));
    ended.catch(() => {});
    await Promise.race([once(child.stdout, 'data'), ended]);
    return this;
  }

  /** Runs its program to its end, on the same folder; gives what it printed. */
  async run(...args: readonly string[]): Promise<string> {
    const child = spawn(signerPath, ['--folder', this.folder, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, error] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(error);
    return out;
  }

  /** Ends it with SIGKILL. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'close');
  }

  /** Stops it; resolves when it stands still. */
  async stop(): Promise<void> {
    this.#process?.kill('SIGSTOP');
    const state = () => readFileSync(`/proc/${this.#process?.pid}/stat`, 'utf8').replace(/^.*\) /, '')[0];
    while (state() !== 'T') await new Promise(setImmediate);
  }

  /** Lets it go on. */
  goOn(): void {
    this.#process?.kill('SIGCONT');
  }
}
