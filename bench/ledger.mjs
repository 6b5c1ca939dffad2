// The long ledger: it grows from one measurement to the next, so that a gibibyte is written once.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { eventFields } from './event.mjs';

/** Events a `recordMany`: below its limit of 1 MiB of lines. */
const BATCH = 1000;

export class LongLedger {
  #sealwright;
  /** What it is made of. */
  event;
  /** Whose signatures it has; in a file too, for processes that open it. */
  keypair;
  path;
  keyPath;
  events = 0;

  constructor(sealwright, folder) {
    this.#sealwright = sealwright;
    this.event = sealwright.events.modelInvoked(eventFields);
    this.path = join(folder, 'long.ndjson');
    this.keyPath = join(folder, 'long.key');
    this.keypair = sealwright.SigningKeypair.loadOrCreate(this.keyPath);
  }

  get bytes() {
    return statSync(this.path).size;
  }

  /** Appends up to a number of events, or to at least a number of bytes. Nobody has it open afterwards. */
  async growTo({ events = 0, bytes = 0 }) {
    const { keypair, path: ledgerPath } = this;
    const session = await this.#sealwright.Session.open({ keypair, ledgerPath, sessionId: 'bench' });
    while (this.events < events || this.bytes < bytes) {
      const count = Math.min(BATCH, events > this.events ? events - this.events : BATCH);
      await session.recordMany(Array.from({ length: count }, () => this.event));
      this.events += count;
    }
    await session.close();
  }
}
