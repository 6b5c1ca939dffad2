// Records in a ledger that rotates with every third event, and prunes it now and then if asked to, until it is told to end and
// has recorded a hundred.

import { type SessionOptions, Session } from 'sealwright';
import { keypair, numbered } from '../helpers/fixture.mts';
import { heard, input, say } from '../helpers/talk.mts';

const { ledgerPath, prunes } = input as { readonly ledgerPath: string; readonly prunes: boolean };

const options: SessionOptions = { keypair, ledgerPath, sessionId: 'rotating', events: 'extended', rotate: { maxEvents: 3 } };
const session = await Session.open(options);
await session.record(numbered('rotating', 0));
say('recording');
const word = heard().then(() => true);
let ends = false;
for (let n = 1; !ends || n <= 101; n += 1) {
  await session.record(numbered('rotating', n));
  if (prunes && n % 30 === 0) await session.prune({ keep: 5 });
  ends = await Promise.race([word, Promise.resolve(false)]);
}
await session.close();
say(session.head?.seq);
