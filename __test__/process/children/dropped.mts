// Drops a session without closing it, and collects garbage until it is told to end.

import { setTimeout } from 'node:timers/promises';
import { Session } from 'sealwright';
import { keypair, numbered } from '../helpers/fixture.mts';
import { heard, input, say } from '../helpers/talk.mts';

declare const gc: () => void;

const { ledgerPath } = input as { readonly ledgerPath: string };

await recordAndDrop();
say('dropped');
const word = heard().then(() => true);
do gc();
while (!(await Promise.race([word, setTimeout(5, false)])));

async function recordAndDrop(): Promise<void> {
  const session = await Session.open({ keypair, ledgerPath, sessionId: 'dropped' });
  await session.record(numbered('dropped', 0));
  void session.record(numbered('dropped', 1));
}
