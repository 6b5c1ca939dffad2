// The same module four times: built for a server, as a library of both kinds, and loaded by the server for development.

import { createRequire } from 'node:module';
import { verifyFile } from 'sealwright';
import { createServer } from 'vite';

const require = createRequire(import.meta.url);
const server = await createServer({ appType: 'custom', server: { middlewareMode: true, hmr: false } });
const builds = {
  server: await import('./out/server/recorder.js'),
  module: await import('./out/library/recorder.js'),
  commonjs: require('./out/library/recorder.cjs'),
  development: await server.ssrLoadModule('/src/recorder.js'),
};
await server.close();

for (const [name, { recordCall }] of Object.entries(builds)) {
  const ledger = `ledger.${name}.ndjson`;
  const { verdict } = await verifyFile(ledger, await recordCall(ledger));
  if (verdict !== 'verified') throw new Error(`the ledger of the build ${name} is ${verdict}`);
}
