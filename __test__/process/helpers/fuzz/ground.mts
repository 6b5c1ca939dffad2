// What a call works on: files in a folder of its own below the working directory, and what has to be closed after it.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Session, type SessionOptions } from 'sealwright';
import { chainOf, ended, key1, textOf } from '../../../helpers/ledgers.mts';
import { loadedAddon } from '../fixture.mts';

export const native = loadedAddon();

/** Events of every ledger here. */
export const chain = chainOf(5);
const text = textOf(chain);

/** What a call is given: arguments, and a receiver if it is a method. */
export interface Given {
  readonly receiver?: unknown;
  readonly args: readonly unknown[];
}

/** Makes a good call; null where no call is a good one. */
export type Recipe = ((ground: Ground) => readonly unknown[] | Given | Promise<readonly unknown[] | Given>) | null;

/** A method's call. */
export function on(receiver: unknown, ...args: readonly unknown[]): Given {
  return { receiver, args };
}

type Closable = { close?: () => unknown; release?: () => unknown };

/** One call's surroundings. Every path is a relative one, so that no change of it leads elsewhere. */
export class Ground {
  readonly folder: string;
  readonly #closable: Closable[] = [];

  constructor(number: number) {
    this.folder = `call-${number}`;
    mkdirSync(this.folder);
  }

  /** A path where nothing is. */
  path(name = 'new'): string {
    return join(this.folder, name);
  }

  /** A file of these contents. */
  file(contents: string | Uint8Array, name = 'file'): string {
    const path = this.path(name);
    writeFileSync(path, contents, { mode: 0o600 });
    return path;
  }

  /** A ledger of five events. */
  ledger(contents = text): string {
    return this.file(contents, 'ledger.ndjson');
  }

  /** Closes it when the call is over. */
  held<Value>(value: Value): Value {
    this.#closable.push(value as Closable);
    return value;
  }

  /** A session on a ledger that holds nothing yet. */
  async session(options: Partial<SessionOptions> = {}): Promise<Session> {
    const all: SessionOptions = { keypair: key1, ledgerPath: this.path('ledger.ndjson'), sessionId: 'fuzz', events: 'extended', ...options } as SessionOptions;
    return this.held(await Session.open(all));
  }

  /** One on a ledger of a few segments. */
  async segments(): Promise<Session> {
    const session = await this.session({ rotate: { maxEvents: 2 } });
    for (let count = 0; count < 6; count += 1) await session.record(ended(count));
    return session;
  }

  /** A ledger whose last checkpoint was signed of all its five events, and its only older one of two. */
  async checkpoints(): Promise<{ readonly ledger: string; readonly older: string; readonly newer: string }> {
    const session = await this.session();
    const checkpoint = async (events: number) => {
      for (let count = 0; count < events; count += 1) await session.record(ended(count));
      return session.checkpoint({ origin: 'example.com/ledger' });
    };
    const older = await checkpoint(2);
    const newer = await checkpoint(3);
    await session.close();
    return { ledger: this.path('ledger.ndjson'), older, newer };
  }

  /** Ends what is open and takes the files away. What fails here was told by the call, or is no part of it. */
  async leave(result: unknown): Promise<void> {
    for (const value of [...this.#closable.toReversed(), result as Closable]) await closed(value);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function closed(value: Closable): Promise<void> {
  if (typeof value !== 'object' || value === null) return;
  try {
    await (value.close?.() ?? value.release?.());
  } catch {
    // It was closed already, or never open.
  }
}

/** A recorded file of the project. */
export function vector(root: string, ...path: string[]): Buffer {
  return readFileSync(join(root, 'vectors', ...path));
}
