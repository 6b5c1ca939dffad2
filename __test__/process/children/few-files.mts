// Does what there is to be done with a ledger of 300 segments, in a process that may have few files open.

import { join } from 'node:path';
import { FileHeadStore, readEvents, Session, type SessionOptions, verifyFile, verifySegments } from 'sealwright';
import { keypair, numbered } from '../helpers/fixture.mts';
import { input, say } from '../helpers/talk.mts';

const { folder } = input as { readonly folder: string };

const store = new FileHeadStore(join(folder, 'heads.json'));
const options: SessionOptions = {
  keypair,
  ledgerPath: join(folder, 'ledger', 'ledger.ndjson'),
  sessionId: 'few-files',
  events: 'extended',
  rotate: { maxEvents: 1 },
  verifyOnOpen: 'all',
  headStore: { store, wait: true },
};
const state = { state: join(folder, 'state'), stateKey: keypair };

const first = await Session.open(options);
for (let n = 0; n < 304; n += 1) await first.record(numbered('few-files', n));
await first.close();
say(['verified', await verified(false)]);

// The second pruning looks for the event of the first one.
const second = await Session.open(options);
say(['pruned', (await second.prune({ before: 2 }))?.to, (await second.prune({ before: 4 }))?.to]);
await second.close();
// A state is of files that stay.
say(['verified', await verified(true)]);
const third = await Session.open(options);
await third.record(numbered('few-files', 304));
await third.close();
say(['verified', await verified(false)]);
say(['active', (await verifyFile(options.ledgerPath)).ok]);

async function verified(full: boolean) {
  let read = 0;
  for await (const _ of readEvents(options.ledgerPath, { from: 4 })) read += 1;
  const report = await verifySegments(options.ledgerPath, { signers: keypair.publicKeyHex, ...state, full });
  const whole = await verifySegments(join(folder, 'ledger', 'ledger*.ndjson'));
  return { read, verdict: report.verdict, files: report.files.length, whole: [whole.ok, whole.files.length] };
}
