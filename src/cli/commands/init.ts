/*
 * sealwright init: a place to record in, and what to do there.
 */

import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SigningKeypair } from '../../index.js';
import { command } from '../command.js';
import { ExitCode } from '../exit-code.js';
import { printFacts } from '../facts.js';
import { type Output, paint } from '../output.js';
import { formatBytes, quoted } from '../words.js';

const KEY = 'agent.key';
const LEDGER = 'ledger.ndjson';

export const init = command({
  name: 'init',
  summary: 'make a key and a place for a ledger, and say what comes next',
  description: [
    `Makes FOLDER, mode 0700, with a signing key in ${KEY}, mode 0600, and prints its public half, the lines that record a first event in ${LEDGER}, and the command for the auditor. The first recording makes the ledger.`,
    'What is there already stays as it is, and is named: running it again changes nothing.',
  ],
  arguments: [{ name: 'FOLDER', help: 'where; default the current one' }],
  options: {
    json: { kind: 'flag', flags: '--json', help: 'print what is there as JSON; schemas/init.schema.json' },
  },
  examples: [
    { line: 'init audit', help: 'a new folder with a key' },
    { line: 'init', help: 'what is in this one' },
  ],
  async run({ out }, [folder = '.'], { json }) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const keyPath = join(folder, KEY);
    const ledgerPath = join(folder, LEDGER);
    const keypair = SigningKeypair.loadOrCreate(keyPath);
    const ledgerBytes = await stat(ledgerPath).then(({ size }) => size, ignoreMissing);
    const { publicKeyHex, fingerprint, created } = keypair;
    if (json) {
      out.json({ schemaVersion: 1, keyPath, keyCreated: created, ledgerPath, ledgerBytes, publicKeyHex, fingerprint });
      return ExitCode.ok;
    }
    printFacts(out, [
      ['key file', `${keyPath} ${created ? '(new, mode 0600, keep it secret)' : '(was there)'}`],
      ['ledger', `${ledgerPath} ${ledgerBytes === null ? '(made by the first recording)' : `(is there, ${formatBytes(ledgerBytes)})`}`],
      ['public key', publicKeyHex],
      ['fingerprint', fingerprint],
    ]);
    if (ledgerBytes === null) printRecording(out, keyPath, ledgerPath);
    out.line();
    out.line('Give the public key to the auditor, on another way than the ledger, who then runs');
    out.line();
    out.line('  ', paint('bold', `sealwright verify ${quoted(ledgerPath)} --signer ${publicKeyHex}`));
    return ExitCode.ok;
  },
});

function printRecording(out: Output, keyPath: string, ledgerPath: string): void {
  out.line();
  out.line('Record a first event:');
  out.line();
  const lines = [
    "import { events, Session, SigningKeypair } from 'sealwright';",
    '',
    `const keypair = SigningKeypair.load(${literal(keyPath)});`,
    `const session = await Session.open({ keypair, ledgerPath: ${literal(ledgerPath)}, sessionId: 'call-1' });`,
    "await session.record(events.sessionStarted({ agentId: 'agent', modelId: 'model', sessionId: 'call-1' }));",
    'await session.close();',
  ];
  for (const line of lines) out.line(line === '' ? '' : `  ${line}`);
}

/** A string in the source of a program. */
function literal(text: string): string {
  return /^[\w@%+=:,./ -]*$/.test(text) ? `'${text}'` : JSON.stringify(text);
}

function ignoreMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
