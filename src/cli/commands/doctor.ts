/*
 * sealwright doctor: looks at a machine before something is recorded on it.
 */

import { doctor as examine, type DoctorCheck } from '../../index.js';
import { command } from '../command.js';
import { ExitCode } from '../exit-code.js';
import { paint, type Part } from '../output.js';

const MARKS: Readonly<Record<DoctorCheck['status'], Part>> = {
  ok: paint('good', 'ok     '),
  warning: paint('warn', 'warning'),
  failed: paint('bad', 'failed '),
  skipped: paint('dim', 'skipped'),
};

const NAME_WIDTH = 11;

export const doctor = command({
  name: 'doctor',
  summary: 'look at this machine before recording on it, or when something is odd',
  description: [
    'Looks at the platform, the modes of key and ledger, who holds the lock, what the file system promises, how long a sync takes, the clock, and whether the head store would be lost together with the ledger. It changes nothing.',
    'A check that fails says what to do. What was not given is skipped. docs/errors.md lists the codes.',
  ],
  arguments: [],
  options: {
    ledger: { kind: 'text', flags: '--ledger', value: 'FILE', env: 'SEALWRIGHT_LEDGER', help: 'the ledger, which need not exist yet' },
    key: { kind: 'text', flags: '--key', value: 'FILE', env: 'SEALWRIGHT_KEY', help: 'the key that signs it' },
    headStore: { kind: 'text', flags: '--head-store', value: 'FILE', help: 'the file of a head store' },
    json: { kind: 'flag', flags: '--json', help: 'print the report as JSON; schemas/doctor.schema.json' },
  },
  examples: [{ line: 'doctor --ledger ledger.ndjson --key agent.key', help: 'can be recorded here?' }],
  exits: { 0: 'nothing failed; there may be warnings', 2: 'a check failed: recording will not work' },
  async run({ out }, _words, { ledger, key, headStore, json }) {
    const report = await examine({ ledgerPath: ledger, keyPath: key, headStorePath: headStore });
    if (json) {
      out.json(report);
    } else {
      for (const { name, status, code, message, remedy } of report.checks) {
        out.line(MARKS[status], '  ', name.padEnd(NAME_WIDTH), '  ', message, code === null ? '' : ` (${code})`);
        if (remedy !== null) out.line(' '.repeat(NAME_WIDTH + 11), paint('bold', remedy));
      }
    }
    return report.ok ? ExitCode.ok : ExitCode.failed;
  },
});
