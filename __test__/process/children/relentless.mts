// Records as fast as it can, in every way, and tells of each event that was acknowledged its seq and hash; until it is
// killed.

import { type RotateOptions, Session, type SignedEvent } from 'sealwright';
import { keypair, numbered } from '../helpers/fixture.mts';
import { input, say } from '../helpers/talk.mts';

const { ledgerPath, who, rotate } = input as {
  readonly ledgerPath: string;
  readonly who: string;
  readonly rotate?: RotateOptions;
};
const session = await Session.open({ keypair, ledgerPath, sessionId: who, rotate });
let count = 0;

const next = () => numbered(who, count++, count % 7 === 0 ? 30_000 : 0);
const acknowledged = (signed: SignedEvent) => say([signed.seq, signed.selfHash]);

async function one(): Promise<void> {
  for (;;) acknowledged(await session.record(next()));
}

async function many(): Promise<void> {
  for (;;) (await session.recordMany([next(), next(), next()])).forEach(acknowledged);
}

async function sync(): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    acknowledged(session.recordSync(next()));
  }
}

await Promise.all([one(), one(), one(), many(), sync()]);
