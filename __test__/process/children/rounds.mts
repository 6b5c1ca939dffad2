// Opens the ledger, records, closes; several times, in turns with other processes that do the same.

import { Session } from 'sealwright';
import { keypair, numbered } from '../helpers/fixture.mts';
import { heard, input, say } from '../helpers/talk.mts';

const { who, ledgerPath, rounds, events } = input as {
  readonly who: string;
  readonly ledgerPath: string;
  readonly rounds: number;
  readonly events: number;
};

say('ready');
await heard();
for (let round = 0; round < rounds; round += 1) {
  const session = await Session.open({ keypair, ledgerPath, sessionId: who, lockTimeoutMs: 60_000 });
  const first = round * events;
  await Promise.all(Array.from({ length: events }, (_, index) => session.record(numbered(who, first + index))));
  await session.close();
}
