// Records in every way there is and, as soon as a record is acknowledged, writes to a file of its own which bytes of the
// ledger that were: `<from> <to>`. A step begins with its own line.

import { openSync, statSync, writeSync } from 'node:fs';
import { Session, type SignedEvent } from 'sealwright';
import { keypair, numbered } from '../helpers/fixture.mts';
import { input } from '../helpers/talk.mts';

/** One thing after the other. */
export type Step = readonly [
  kind: 'open' | 'close' | 'record' | 'recordSync' | 'recordMany',
  events?: number,
  /** Bytes that each line is longer. */
  padding?: number,
];

/** What the program is started with. */
export interface Plan {
  readonly ledgerPath: string;
  readonly markerPath: string;
  readonly steps: readonly Step[];
}

const { ledgerPath, markerPath, steps } = input as Plan;
const markers = openSync(markerPath, 'w');
let session: Session | undefined;
let count = 0;
/** Bytes of the ledger that are acknowledged, and the seq of the next event. */
let offset = 0;
let seq = 0;

for (const step of steps) {
  writeSync(markers, `${step.join(' ')}\n`);
  await take(step);
}

async function take([kind, events = 0, padding = 0]: Step): Promise<void> {
  if (kind === 'open') {
    session = await Session.open({ keypair, ledgerPath, sessionId: 'acknowledged' });
    offset = statSync(ledgerPath).size;
    seq = (session.head?.seq ?? -1) + 1;
    return;
  }
  if (session === undefined) throw new Error('the session is not open');
  if (kind === 'close') return session.close();
  const batch = Array.from({ length: events }, () => numbered('acknowledged', count++, padding));
  if (kind === 'recordMany') {
    acknowledge(await session.recordMany(batch));
  } else if (kind === 'recordSync') {
    for (const event of batch) acknowledge([session.recordSync(event)]);
  } else {
    const open = session;
    await Promise.all(batch.map((event) => open.record(event).then((signed) => acknowledge([signed]))));
  }
}

function acknowledge(signed: readonly SignedEvent[]): void {
  const from = offset;
  for (const event of signed) {
    if (event.seq !== seq) throw new Error(`event ${event.seq} is acknowledged before event ${seq}`);
    seq += 1;
    offset += Buffer.byteLength(event.toLine()) + 1;
  }
  writeSync(markers, `${from} ${offset}\n`);
}
