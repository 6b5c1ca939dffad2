// Head stores of a caller's own.

import type { Head, HeadStore } from 'sealwright';

/** Heads in a Map, and a record of what was asked and told. */
export class MapHeadStore implements HeadStore {
  readonly heads = new Map<string, Head>();
  readonly asked: string[] = [];
  readonly told: [id: string, head: Head][] = [];

  get(id: string): Head | null {
    this.asked.push(id);
    return this.heads.get(id) ?? null;
  }

  set(id: string, head: Head): void {
    this.told.push([id, head]);
    this.heads.set(id, head);
  }
}

/**
 * A store that takes heads only when it is let. While a session with `wait: true` waits for it, the ledger's writer
 * stands still behind a synced group: what is recorded meanwhile stays queued.
 */
export class GatedHeadStore implements HeadStore {
  readonly inner = new MapHeadStore();
  #closed: PromiseWithResolvers | undefined;
  #reached: PromiseWithResolvers | undefined;

  get(id: string): Promise<Head | null> {
    return Promise.resolve(this.inner.get(id));
  }

  async set(id: string, head: Head): Promise<void> {
    this.#reached?.resolve();
    await this.#closed?.promise;
    this.inner.set(id, head);
  }

  /** From now on heads wait; resolves when the first one does. */
  close(): Promise<void> {
    this.#closed = withResolvers();
    this.#reached = withResolvers();
    return this.#reached.promise;
  }

  /** Lets every head in, also those to come. */
  open(): void {
    this.#closed?.resolve();
    this.#closed = undefined;
    this.#reached = undefined;
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
