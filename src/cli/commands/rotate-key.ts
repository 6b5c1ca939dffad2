/*
 * sealwright rotate-key: hands a ledger over to another key.
 */

import { SigningKeypair } from '../../index.js';
import { command } from '../command.js';
import { UsageError } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printFacts } from '../facts.js';
import { formatHead } from '../heads.js';
import { openingOptions, withSession } from '../recording.js';

export const rotateKey = command({
  name: 'rotate-key',
  summary: 'hand a ledger over to another key',
  description: [
    'Records `KeyRotated`, sealed by the key in force and proven by the new one, which signs every event behind it. From then on only the new key opens the ledger; keep the old one from signing anything.',
    'An auditor goes on naming the key that the ledger began with: verification follows to the new one. The Provedex tools do not know this event.',
    'A ledger that someone records in is locked: the recorder can hand it over itself, with `session.rotateKey`.',
  ],
  arguments: [{ name: 'LEDGER', help: 'the file of a ledger', required: true, env: 'SEALWRIGHT_LEDGER' }],
  options: {
    ...openingOptions,
    newKey: { kind: 'text', flags: '--new-key', value: 'FILE', help: 'the key to hand over to; it is made if it is not there' },
    json: { kind: 'flag', flags: '--json', help: 'print JSON; schemas/rotate-key.schema.json' },
  },
  examples: [{ line: 'rotate-key ledger.ndjson --key agent.key --new-key next.key', help: 'from now on next.key signs' }],
  async run(context, [ledger = ''], { key, newKey, headStore, json }) {
    if (key === undefined || newKey === undefined) throw new UsageError('rotate-key takes --key and --new-key');
    const { out } = context;
    await withSession(context, { ledger, key, headStore }, async (session) => {
      const before = session.publicKeyHex;
      const to = SigningKeypair.loadOrCreate(newKey);
      const { seq, selfHash } = await session.rotateKey(to);
      if (json) {
        out.json({ schemaVersion: 1, ledger, seq, hash: selfHash, from: before, to: to.publicKeyHex, newKey, newKeyCreated: to.created });
        return;
      }
      printFacts(out, [
        ['handed over', `by event ${formatHead({ seq, hash: selfHash })}`],
        ['from', before],
        ['to', to.publicKeyHex],
        ['fingerprint', to.fingerprint],
        ['new key', `${newKey}${to.created ? ' (new, mode 0600, keep it secret)' : ''}`],
      ]);
    });
    return ExitCode.ok;
  },
});
