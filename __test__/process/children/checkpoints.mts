// Signs checkpoints as fast as it can while it records, and tells of each; until it is killed.

import { Session } from 'sealwright';
import { keypair, numbered } from '../helpers/fixture.mts';
import { input, say } from '../helpers/talk.mts';

const { ledgerPath, origin } = input as { readonly ledgerPath: string; readonly origin: string };
const session = await Session.open({ keypair, ledgerPath, sessionId: 'victim' });

async function record(): Promise<void> {
  for (let count = 0; ; count += 3) {
    await session.recordMany([count, count + 1, count + 2].map((n) => numbered('victim', n)));
  }
}

async function sign(): Promise<void> {
  for (;;) say(await session.checkpoint({ origin }));
}

await Promise.all([record(), sign()]);
