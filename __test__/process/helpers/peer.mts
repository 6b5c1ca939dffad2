// The peer's package, run in a Python process of its own: peer.py does one command after the other.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';
import { peerPython, projectRoot } from '../../helpers/parts.mts';

/** What the peer's verifier answers. */
export interface PeerReport {
  readonly ok: boolean;
  readonly status: 'valid' | 'broken';
  readonly event_count: number;
  readonly broken_at: number | null;
  readonly reason: string | null;
  readonly root_hash: string;
}

/** A ledger and the file of the key that signs it. */
export interface PeerLedger {
  readonly path: string;
  readonly key: string;
}

/** A double that the peer sealed and does not read again: which of those in a row, and as Python spells it. */
export type Misread = readonly [index: number, value: string];

/** A process with the peer in it; ends with its test. */
export class Peer {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  #stderr = '';

  constructor(t: ExecutionContext) {
    t.timeout(90_000);
    const script = join(projectRoot, '__test__', 'process', 'helpers', 'peer.py');
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' };
    this.#process = spawn(peerPython(), [script], { env });
    this.#process.stdin.on('error', () => undefined);
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    t.teardown(() => this.end());
  }

  /** What it says of a ledger, without options: it has none. */
  verify(path: string): Promise<PeerReport> {
    return this.#do({ do: 'verify', path });
  }

  /** Records events, given as JSON text, in one session of so many threads. */
  record(ledger: PeerLedger, events: readonly string[], threads = 1): Promise<void> {
    return this.#do({ do: 'record', ...ledger, events, threads });
  }

  /** Opens a session that stays open until the process ends. */
  hold(ledger: PeerLedger): Promise<void> {
    return this.#do({ do: 'hold', ...ledger });
  }

  /** Records one event in that session; gives its seq. */
  recordHeld(event: string): Promise<number> {
    return this.#do({ do: 'record_held', event });
  }

  /** The canonical form of JSON texts. */
  canonical(texts: readonly string[]): Promise<string[]> {
    return this.#do({ do: 'canonical', texts });
  }

  /** The hash that each line's event has at its place. */
  selfHashes(lines: readonly string[]): Promise<string[]> {
    return this.#do({ do: 'self_hashes', lines });
  }

  /** Seals so many random doubles as a ledger, and tells which of them it misreads when it verifies each alone. */
  doubles(
    ledger: PeerLedger,
    options: { readonly scratch: string; readonly kind: 'uniform' | 'bits'; readonly count: number; readonly seed: number },
  ): Promise<Misread[]> {
    return this.#do({ do: 'doubles', ...ledger, ...options });
  }

  /** Ends the process. */
  end(): void {
    this.#process.kill('SIGKILL');
  }

  async #do<Value>(command: object): Promise<Value> {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`);
    const { done, value } = await this.#answers.next();
    if (done === true) throw new Error(`the peer's process has ended\n${this.#stderr}`);
    const answer = JSON.parse(value) as { readonly value: Value } | { readonly error: string; readonly message: string };
    if ('error' in answer) throw new Error(`${answer.error}: ${answer.message}`);
    return answer.value;
  }
}
