/*
 * sealwright tiles export: a ledger's tree as files that any web server can serve.
 */

import { command } from '../command.js';
import { ExitCode } from '../exit-code.js';
import { printFacts } from '../facts.js';
import { readText } from '../files.js';
import { untilBroken } from '../reading.js';
import { counted, formatBytes } from '../words.js';

export const tilesExport = command({
  name: 'tiles export',
  summary: 'write the tree of a checkpoint as files for a web server',
  description: [
    'Writes CHECKPOINT, the hashes of its tree and the entries that they are of into FOLDER, in the form that other programs read logs in (c2sp.org/tlog-tiles). An entry is the 32 bytes of the `self_hash` of an event: nothing else of an event is in it.',
    'FOLDER is made, or is empty. Its `checkpoint` is written last, when everything else was read again and found to lead to it: a folder that has one is whole. Its files have the modes that the umask leaves them. Whoever signed CHECKPOINT is not looked at.',
    'The last checkpoint that a session has signed is `checkpoint` in the folder beside the ledger whose name ends in .tlog.',
  ],
  arguments: [
    { name: 'LEDGER', help: 'the file of a ledger', required: true },
    { name: 'CHECKPOINT', help: 'the file of a signed checkpoint of it', required: true },
    { name: 'FOLDER', help: 'where the files are written', required: true },
  ],
  options: {
    json: { kind: 'flag', flags: '--json', help: 'print JSON; schemas/tiles.schema.json' },
  },
  examples: [
    { line: 'tiles export ledger.ndjson ledger.checkpoint served', help: 'a folder to be served as it is' },
    { line: 'tiles export ledger.ndjson checkpoint.txt served', help: 'a checkpoint of another ledger', exit: 2 },
  ],
  exits: { 1: 'the ledger is proven broken; nothing was written', 2: 'nothing was written: ledger and checkpoint are not of each other, FOLDER is not empty, or a file cannot be read' },
  run(context, [ledger = '', checkpoint = '', folder = ''], { json }) {
    return untilBroken(context, async () => {
      const { out, signal } = context;
      const { exportTiles } = await import('../../proofs/index.js');
      const exported = await exportTiles(ledger, folder, { checkpoint: await readText(checkpoint), signal });
      if (json) {
        out.json({ schemaVersion: 1, ledger, checkpoint, folder, ...exported });
        return ExitCode.ok;
      }
      printFacts(out, [
        ['folder', folder],
        ['events', counted(exported.events, 'event')],
        ['files', `${counted(exported.files, 'file')}, ${formatBytes(exported.bytes)}`],
      ]);
      return ExitCode.ok;
    });
  },
});
