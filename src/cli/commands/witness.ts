/*
 * sealwright witness: cosigns the checkpoints of logs, as a server that others ask.
 */

import { SigningKeypair } from '../../index.js';
import type { WitnessAnswer } from '../../proofs/index.js';
import { command } from '../command.js';
import { UsageError } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printFact } from '../facts.js';
import { readText } from '../files.js';
import { type Output, paint } from '../output.js';
import { listenExits, listenOptions, untilEnded } from '../serving.js';
import { counted } from '../words.js';

const keyOption = { kind: 'text', flags: '--key', value: 'FILE', help: 'its key file; `keygen` makes one' } as const;
const nameOption = { kind: 'text', flags: '--name', value: 'NAME', help: 'its name: a URL without a scheme by custom, as in example.com/witness' } as const;

export const witnessServe = command({
  name: 'witness serve',
  summary: 'cosign the checkpoints of logs',
  description: [
    'Listens for checkpoints (c2sp.org/tlog-witness), and cosigns those that go on from the latest one of their log that it has cosigned. Whoever wants several witnesses to have cosigned what he believes is shown the history that all the others are shown. What it has cosigned is kept in a folder, on stable storage before it answers, and evidence of a log that has lied too.',
    'It takes requests under the address that it listens on, `localhost`, and what --allow-host names; where it listens on a network, put a server with TLS before it. Leave the folder out of backups: put back to an earlier state, it would let a log change what it has said since.',
    'One line is printed for each answer, until Ctrl-C or SIGTERM ends it; what was begun is answered.',
  ],
  arguments: [],
  options: {
    state: { kind: 'text', flags: '--state', value: 'DIR', help: 'the folder of what it has cosigned, made if it is not there' },
    key: keyOption,
    name: nameOption,
    log: { kind: 'many', flags: '--log', value: 'KEY', help: 'a log whose checkpoints it cosigns, NAME+ID+KEY; may be given several times' },
    ...listenOptions,
    tokenFile: { kind: 'text', flags: '--token-file', value: 'FILE', help: 'the bearer token that requests must have, a line of 16 characters or more' },
  },
  examples: [
    {
      line: 'witness serve --state seen --key auditor.key --name w.example --log example.com/ledger+60db519f+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea',
      help: 'cosign the checkpoints of one log, for programs of this machine',
      until: 'listening',
      exit: ExitCode.interrupted,
    },
  ],
  exits: { ...listenExits, 2: 'it cannot listen, or what it has cosigned cannot be read' },
  async run(context, _words, { state, key, name, log, port, host, allowHost, tokenFile }) {
    if (state === undefined) throw new UsageError('which folder? --state DIR');
    if (log.length === 0) throw new UsageError('which logs? --log NAME+ID+KEY');
    const { keypair, name: own } = identity(key, name);
    const token = tokenFile === undefined ? undefined : (await readText(tokenFile)).trim();
    const { serveWitness, Witness } = await import('../../proofs/index.js');
    using witness = new Witness({ state, keypair, name: own, logs: log });
    const onAnswer = (answer: WitnessAnswer) => tell(context.out, answer);
    const onError = (error: unknown) => context.err.line('sealwright: ', (error as Error).message);
    await using server = await serveWitness({ witness, host, port, hosts: allowHost, token, onAnswer, onError });
    printFact(context.out, 'witness', witness.key);
    printFact(context.out, 'state', state);
    for (const [index, text] of log.entries()) printFact(context.out, index === 0 ? 'logs' : '', text);
    printFact(context.out, 'listening', server.url);
    // Before witness and server are closed.
    return await untilEnded(context);
  },
});

export const witnessKeyCommand = command({
  name: 'witness key',
  summary: 'print the key of a witness, for policies',
  description: [
    'Prints NAME+ID+KEY, as a `witness` line of a policy has it (c2sp.org/tlog-policy). A key is one witness: the cosignatures do not have its name in them.',
  ],
  arguments: [],
  options: { key: keyOption, name: nameOption },
  examples: [{ line: 'witness key --key auditor.key --name w.example', help: 'what others put into their policies' }],
  async run({ out }, _words, { key, name }) {
    const { keypair, name: own } = identity(key, name);
    const { witnessKey } = await import('../../proofs/index.js');
    out.line(witnessKey(own, keypair.publicKeyHex));
    return ExitCode.ok;
  },
});

function identity(key: string | undefined, name: string | undefined): { readonly keypair: SigningKeypair; readonly name: string } {
  if (key === undefined) throw new UsageError('which key? --key FILE; `sealwright keygen` makes one');
  if (name === undefined) throw new UsageError('which name? --name NAME');
  return { keypair: SigningKeypair.load(key), name };
}

function tell(out: Output, { status, origin, size, evidence, body }: WitnessAnswer): void {
  const what = origin === null ? body.trimEnd() : `${origin} at ${counted(size ?? 0, 'event')}`;
  const [mark, word] = status === 200 ? (['good', 'cosigned'] as const) : evidence === null ? (['warn', 'refused'] as const) : (['bad', 'fork'] as const);
  out.line(`${status}  `, paint(mark, word.padEnd(8)), `  ${what}`, ...(evidence === null ? [] : [`, evidence in ${evidence}`]));
}
