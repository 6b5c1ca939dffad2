#!/usr/bin/env node
/*
 * The program `sealwright`. Whatever goes wrong, at whatever point, ends with 2: Node itself would end with 1, which is for
 * a proof that a ledger is broken, and a run that stops halfway with 0.
 */

let hasEnded = false;
process.on('exit', () => {
  if (!hasEnded) process.exitCode = 2;
});
process.on('uncaughtException', (error: unknown) => {
  const { stack } = error as { readonly stack?: unknown };
  const text = String(stack ?? error).replaceAll(/[^\n -~]/g, '?');
  process.stderr.write(`sealwright: a defect of this program: ${text}\n`);
  process.exit(2);
});

void main();

async function main(): Promise<void> {
  // Behind the handlers, since a file of the package may be missing. Not by `import()`, whose loader takes 6 ms to begin.
  const { run } = require('./run.js') as typeof import('./run.js');
  process.exitCode = await run();
  hasEnded = true;
}
