/*
 * The page's side of the workers: one reads, searches and explains, the other one verifies. A verification that nobody waits
 * for any more is ended with its worker, since nothing else ends what is synchronous.
 */

import type { Client, Verified } from '../client.js';
import type { EngineFailure, EngineProgress } from '../engine.js';
import { Failure, failureOf } from '../failure.js';
import { type Answer, type Begin, type Call, type Method, type Methods, SUPERSEDED } from './protocol.js';

/** What workers are made of. */
export interface ClientOptions {
  /** Of the script that `bundleWorker` makes. */
  readonly scriptUrl: string;
  /** The bytes of the WebAssembly module. */
  readonly wasm: Uint8Array;
}

/** Begins the workers. */
export function createClient(options: ClientOptions): Client {
  const reader = new Link(options);
  let verifier = new Link(options);
  return {
    sort: (files) => reader.call('sort', [files]),
    load: (ledger, progress) => reader.call('load', [ledger], progress),
    async verify(ledger, trust, progress): Promise<Verified> {
      if (verifier.isBusy) {
        verifier.drop();
        verifier = new Link(options);
      }
      const link = verifier;
      try {
        return { report: await link.call('verify', [ledger, trust], progress) };
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return { failure: failureOf(error) };
      }
    },
    event: (row) => reader.call('event', [row]),
    search: (text) => reader.call('search', [text]),
    reveal: (document) => reader.call('reveal', [document]),
    publicKey: (text) => reader.call('publicKey', [text]),
    close() {
      reader.close();
      verifier.close();
    },
  };
}

interface Waiting {
  readonly progress: (progress: EngineProgress) => void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A worker, and who waits for its answers. */
class Link {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  /** Why there is nothing to be waited for any more. */
  #ended: Error | undefined;

  constructor({ scriptUrl, wasm }: ClientOptions) {
    this.#worker = new Worker(scriptUrl);
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => this.#answered(data));
    this.#worker.addEventListener('error', (event) => {
      event.preventDefault();
      this.#end(new Failure({ code: 'ERR_INTERNAL', message: `the worker has failed: ${event.message || 'the browser says no more'}` }));
    });
    this.#worker.postMessage({ wasm } satisfies Begin, []);
  }

  get isBusy(): boolean {
    return this.#waiting.size > 0;
  }

  call<Name extends Method>(
    method: Name,
    args: Parameters<Methods[Name]>,
    progress: (progress: EngineProgress) => void = () => undefined,
  ): Promise<ReturnType<Methods[Name]>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    this.#calls += 1;
    const id = this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { progress, resolve: resolve as Waiting['resolve'], reject });
      this.#worker.postMessage({ id, method, args } satisfies Call, []);
    });
  }

  /** Ends the worker; who waits goes on waiting. */
  drop(): void {
    this.#waiting.clear();
    this.#worker.terminate();
  }

  /** Ends the worker; who waits is told. */
  close(): void {
    this.#end(new DOMException('the ledger was closed', 'AbortError'));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    const waiting = [...this.#waiting.values()];
    this.drop();
    for (const { reject } of waiting) reject(this.#ended);
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    if ('progress' in answer) return waiting.progress(answer.progress);
    this.#waiting.delete(answer.id);
    if ('failure' in answer) waiting.reject(errorOf(answer.failure));
    else waiting.resolve(answer.result);
  }
}

function errorOf(failure: EngineFailure): Error {
  return failure.code === SUPERSEDED ? new DOMException(failure.message, 'AbortError') : new Failure(failure);
}
