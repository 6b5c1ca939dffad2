// A contender in another language: a child process that stays for the whole run, answers each line on its standard input
// with one line of JSON, and does nothing in between.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A child that answers. `ask` is for one command at a time. */
export class Talker {
  #child;
  #answers;
  #failure;

  constructor(command, args) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    // Asking a program that could not be started fails with this; so does writing to one that has ended.
    this.#child.on('error', (error) => (this.#failure = error));
    this.#child.stdin.on('error', (error) => (this.#failure = error));
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Sends a line; resolves with the answer. Rejects when the child ends without one. */
  async ask(line) {
    this.#child.stdin.write(`${line}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`${this.#child.spawnfile} ended when told: ${line}`, { cause: this.#failure });
    return JSON.parse(value);
  }

  /** Resolves when it has ended, which the end of its input makes it do. */
  async close() {
    if (this.#child.exitCode !== null || this.#child.pid === undefined) return;
    const ended = once(this.#child, 'close');
    this.#child.stdin.end();
    await ended;
  }
}
