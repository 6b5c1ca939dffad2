/*
 * sealwright timestamp: when a checkpoint was there, by the word of an authority (RFC 3161). Nothing here opens a connection.
 */

import type { TimestampReport } from '../../proofs/index.js';
import { command } from '../command.js';
import { ExitCode } from '../exit-code.js';
import { printFacts } from '../facts.js';
import { readBytes, readText, writeWhole } from '../files.js';
import { unlessEmpty } from '../options.js';
import { type Output, paint } from '../output.js';

const CHECKPOINT = { name: 'CHECKPOINT', help: 'the file of a signed checkpoint; every byte of it counts', required: true } as const;

export const timestampRequestCommand = command({
  name: 'timestamp request',
  summary: 'ask a timestamping authority when a checkpoint was there',
  description: [
    'Writes a request by RFC 3161 for the SHA-256 of CHECKPOINT, with a nonce of its own. Send it yourself, and keep it: `curl -H "Content-Type: application/timestamp-query" --data-binary @REQUEST URL > RESPONSE`.',
    'Ask when the checkpoint has all of its signatures: with another one on it, it is another file.',
  ],
  arguments: [CHECKPOINT, { name: 'REQUEST', help: 'where the request is written, DER', required: true }],
  options: {
    policy: { kind: 'text', flags: '--policy', value: 'OID', help: 'the policy that the authority is to keep to, dotted; without it, its own' },
  },
  examples: [{ line: 'timestamp request checkpoint.txt new.tsq', help: 'what to send to an authority' }],
  async run({ out }, [checkpoint = '', request = ''], { policy }) {
    const { timestampRequest } = await import('../../proofs/index.js');
    const made = timestampRequest(await readText(checkpoint), { policy });
    await writeWhole(request, made.request, [checkpoint]);
    printFacts(out, [
      ['request', request],
      ['sha256', made.imprint],
      ['nonce', made.nonce],
    ]);
    return ExitCode.ok;
  },
});

export const timestampIngestCommand = command({
  name: 'timestamp ingest',
  summary: 'take the timestamp out of the answer of an authority',
  description: [
    'Checks that RESPONSE answers REQUEST about CHECKPOINT: hash, nonce, policy, and that its signature holds under the certificate that it brings. Then writes the token, which is what `timestamp verify` reads. Whether the authority is to be believed is not looked at here.',
  ],
  arguments: [
    CHECKPOINT,
    { name: 'REQUEST', help: 'what `timestamp request` wrote', required: true },
    { name: 'RESPONSE', help: 'what the authority answered, DER', required: true },
    { name: 'TOKEN', help: 'where the token is written, DER', required: true },
  ],
  options: {},
  examples: [{ line: 'timestamp ingest checkpoint.txt request.tsq response.tsr new.der', help: 'the token, to be kept beside the checkpoint' }],
  exits: { 2: 'nothing was written: the authority refused, or answers something else, or a file cannot be read' },
  async run({ out }, [checkpoint = '', request = '', response = '', token = '']) {
    const files = { request: await readBytes(request), response: await readBytes(response) };
    const { timestampIngest } = await import('../../proofs/index.js');
    const taken = timestampIngest({ checkpoint: await readText(checkpoint), ...files });
    await writeWhole(token, taken.token, [checkpoint, request, response]);
    printFacts(out, [
      ['token', token],
      ['time', `${taken.time}, as the authority says`],
      ...(taken.modified ? ([['granted', 'with modifications']] as const) : []),
    ]);
    return ExitCode.ok;
  },
});

export const timestampVerifyCommand = command({
  name: 'timestamp verify',
  summary: 'check that a checkpoint was there at a time, by the word of an authority',
  description: [
    'Checks that TOKEN is about CHECKPOINT, byte for byte; that it was signed with a certificate for timestamps; and that this certificate leads to one of the roots, all of it valid at the time that the timestamp says. Certificates that have expired since do not matter. Those that were revoked are not noticed: no connection is opened.',
    'The roots of the system are not asked: get that of your authority from the authority.',
  ],
  arguments: [CHECKPOINT, { name: 'TOKEN', help: 'what `timestamp ingest` wrote', required: true }],
  options: {
    root: { kind: 'many', flags: '--root', value: 'FILE', help: 'certificates of authorities that are trusted, PEM or DER; may be given several times' },
    certificate: { kind: 'many', flags: '--certificate', value: 'FILE', help: 'certificates between, where the token does not bring them; may be given several times' },
    request: { kind: 'text', flags: '--request', value: 'FILE', help: 'what `timestamp request` wrote: the token has to answer it' },
    policy: { kind: 'text', flags: '--policy', value: 'OID', help: 'the policy that the timestamp has to be under, dotted' },
    json: { kind: 'flag', flags: '--json', help: 'print JSON; schemas/timestamp.schema.json' },
  },
  examples: [
    { line: 'timestamp verify checkpoint.txt token.der --root authority.pem', help: 'was it there, and when?' },
    { line: 'timestamp verify agent.pub token.der --root authority.pem', help: 'a timestamp of another file', exit: 1 },
    { line: 'timestamp verify checkpoint.txt agent.pub --root authority.pem', help: 'a file that is no timestamp', exit: 2 },
    { line: 'timestamp verify checkpoint.txt token.der', help: 'nobody is trusted without --root', exit: 3 },
  ],
  exits: {
    0: 'an authority that the roots vouch for has seen the checkpoint',
    1: 'the token does not show that',
    2: 'TOKEN is no timestamp, or something cannot be read: nothing was checked',
    3: 'no --root was given: nothing says whose word it is',
  },
  async run({ out, err }, [checkpoint = '', token = ''], given) {
    const roots = await Promise.all((unlessEmpty(given.root) ?? []).map(readBytes));
    if (roots.length === 0) {
      err.line('sealwright: nothing was checked: name whom you trust with --root');
      return ExitCode.limited;
    }
    const certificates = await Promise.all(given.certificate.map(readBytes));
    const request = given.request === undefined ? undefined : await readBytes(given.request);
    const options = { checkpoint: await readText(checkpoint), roots, certificates, request, policy: given.policy };
    const { verifyTimestamp } = await import('../../proofs/index.js');
    const report = verifyTimestamp(await readBytes(token), options);
    if (given.json) out.json({ schemaVersion: 1, checkpoint, token, ...report });
    else print(out, checkpoint, report);
    if (report.ok) return ExitCode.ok;
    return report.problems.some(({ code }) => code === 'timestamp_malformed') ? ExitCode.failed : ExitCode.broken;
  },
});

function print(out: Output, checkpoint: string, { ok, problems, time, accuracy, policy, serial, tsa }: TimestampReport): void {
  const [verdict, rest] = ok ? [paint('good', 'verified'), `: was there at ${time}`] : [paint('bad', 'not shown'), `: ${problems[0]?.reason}`];
  out.line(paint('bold', checkpoint), ': ', verdict, rest);
  out.line();
  const facts: (readonly [string, string | null | undefined])[] = [
    ...problems.map(({ code, reason }) => ['problem', `${code}: ${reason}`] as const),
    ['time', time],
    ['accuracy', accuracy === null ? null : `${accuracy / 1_000_000} s`],
    ['authority', tsa?.subject],
    ['sha256', tsa?.sha256],
    ['policy', policy],
    ['serial', serial],
  ];
  printFacts(out, facts.flatMap(([label, text]) => (typeof text === 'string' ? [[label, text] as const] : [])));
}
