import { events, sha256Hex } from 'sealwright';
import { openLedger } from '../../../lib/ledger.js';

/** Records a sentence, and answers when it is on disk. */
export async function POST(request) {
  const text = await request.text();
  const session = await openLedger();
  const { seq, selfHash } = await session.record(
    events.utteranceSpoken({ textSha256: sha256Hex(text), text, audioSha256: '' }),
  );
  return Response.json({ sessionId: session.sessionId, seq, selfHash }, { status: 201 });
}
