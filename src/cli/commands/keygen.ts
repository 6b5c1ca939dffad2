/*
 * sealwright keygen: makes a key file.
 */

import { SigningKeypair } from '../../index.js';
import { command } from '../command.js';
import { ExitCode } from '../exit-code.js';

export const keygen = command({
  name: 'keygen',
  summary: 'make a signing key',
  description: [
    'Makes a new Ed25519 key in a file of mode 0600 and prints its public half. A file that is there is never replaced.',
  ],
  arguments: [{ name: 'FILE', help: 'where the key is kept; default the value of SEALWRIGHT_KEY', env: 'SEALWRIGHT_KEY', required: true }],
  options: {
    json: { kind: 'flag', flags: '--json', help: 'print the public key and its fingerprint as JSON' },
  },
  examples: [{ line: 'keygen agent.key', help: 'a new key, and its public half for the auditor' }],
  async run({ out }, [file = ''], { json }) {
    const keypair = SigningKeypair.generate();
    keypair.save(file);
    const { publicKeyHex, fingerprint } = keypair;
    if (json) {
      out.json({ schemaVersion: 1, path: file, publicKeyHex, fingerprint });
    } else {
      out.line('key file     ', file, ' (mode 0600, keep it secret)');
      out.line('public key   ', publicKeyHex);
      out.line('fingerprint  ', fingerprint);
    }
    return ExitCode.ok;
  },
});
