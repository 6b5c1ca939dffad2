/*
 * sealwright keygen: makes a key file.
 */

import { SigningKeypair } from '../../index.js';
import { command } from '../command.js';
import { ExitCode } from '../exit-code.js';
import { printFacts } from '../facts.js';

export const keygen = command({
  name: 'keygen',
  summary: 'make a signing key',
  description: [
    'Makes a new Ed25519 key in a file of mode 0600 and prints its public half. A file that is there is never replaced, and no option changes that: whoever replaces a key can sign nothing more of what it signed.',
    'Give the public key to whoever will verify, on another way than the ledger. The fingerprint is short enough to be read aloud.',
  ],
  arguments: [{ name: 'FILE', help: 'where the key is kept', env: 'SEALWRIGHT_KEY', required: true }],
  options: {
    json: { kind: 'flag', flags: '--json', help: 'print the public key and its fingerprint as JSON; schemas/keygen.schema.json' },
  },
  examples: [
    { line: 'keygen new.key', help: 'a new key, and its public half for the auditor' },
    { line: 'keygen agent.key', help: 'a key that is there stays', exit: 2 },
  ],
  exits: { 2: 'no key was made: something is there, or it cannot be written' },
  async run({ out }, [file = ''], { json }) {
    const keypair = SigningKeypair.generate();
    keypair.save(file);
    const { publicKeyHex, fingerprint } = keypair;
    if (json) {
      out.json({ schemaVersion: 1, path: file, publicKeyHex, fingerprint });
    } else {
      printFacts(out, [
        ['key file', `${file} (mode 0600, keep it secret)`],
        ['public key', publicKeyHex],
        ['fingerprint', fingerprint],
      ]);
    }
    return ExitCode.ok;
  },
});
