// What can be measured only once in a process: `node child.cjs require`, `idle`, `verify LEDGER` or `open LEDGER KEY`.
// Prints JSON: milliseconds, for `open` those of the first and of a second time; for `idle` and `verify` the most memory
// that the process had (peak RSS), in bytes.

'use strict';

const { performance } = require('node:perf_hooks');

const sealwright = () => require('../dist/index.js');

const measures = {
  require() {
    const started = performance.now();
    sealwright();
    return performance.now() - started;
  },
  idle() {
    sealwright();
    return peak();
  },
  async verify(ledger) {
    const { verifyFile } = sealwright();
    const { ok, reason } = await verifyFile(ledger);
    if (!ok) throw new Error(reason);
    return peak();
  },
  async open(ledgerPath, key) {
    const { Session, SigningKeypair } = sealwright();
    const keypair = SigningKeypair.load(key);
    const times = [];
    for (let time = 0; time < 2; time += 1) {
      const started = performance.now();
      const session = await Session.open({ keypair, ledgerPath, sessionId: 'bench' });
      times.push(performance.now() - started);
      await session.close();
    }
    return times;
  },
};

/** In bytes; the system counts kibibytes. */
function peak() {
  return process.resourceUsage().maxRSS * 1024;
}

(async () => {
  const [name, ...args] = process.argv.slice(2);
  process.stdout.write(`${JSON.stringify(await measures[name](...args))}\n`);
})();
