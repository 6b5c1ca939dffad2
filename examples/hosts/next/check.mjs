// Records through the server as it was built, and through the one for development while modules are edited: in either
// process there is one session. The server must end when it is asked to.

import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { SigningKeypair, verifyFile } from 'sealwright';

const next = createRequire(import.meta.url).resolve('next/dist/bin/next');

await serve('start', async (post) => {
  const answers = await Promise.all(['one', 'two', 'three'].map(post));
  assert.deepEqual(answers.map(({ seq }) => seq).toSorted(), [0, 1, 2]);
  assert.equal(new Set(answers.map(({ sessionId }) => sessionId)).size, 1);
});
await serve('dev', async (post) => {
  const before = await post('four');
  edit('lib/ledger.js', 'web-', 'edited-');
  edit('app/api/events/route.js', 'status: 201', 'status: 202');
  for (;;) {
    const after = await post('five');
    assert.equal(after.sessionId, before.sessionId);
    if (after.status === 202) break;
    await setTimeout(100);
  }
});

const { publicKeyHex } = SigningKeypair.load('signing.key');
assert.equal((await verifyFile('ledger.ndjson', { signers: publicKeyHex })).verdict, 'intact');

/** Runs `next start` or `next dev` while `use` posts to it, then ends it. */
async function serve(command, use) {
  const server = spawn(process.execPath, [next, command, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  try {
    const url = await Promise.race([addressOf(server), ended.then(([code]) => assert.fail(`next ${command}: ${code}`))]);
    await use(async (text) => {
      const response = await fetch(`${url}/api/events`, { method: 'POST', body: text });
      assert.ok(response.ok, `next ${command} answered ${response.status}`);
      return { ...(await response.json()), status: response.status };
    });
  } finally {
    server.kill('SIGTERM');
    await ended;
  }
}

async function addressOf(server) {
  let printed = '';
  for await (const chunk of server.stdout.iterator({ destroyOnReturn: false })) {
    printed += chunk;
    const url = /http:\/\/localhost:\d+/.exec(printed)?.[0];
    if (url !== undefined) {
      server.stdout.resume();
      return url;
    }
  }
  throw new Error(`no address in:\n${printed}`);
}

function edit(file, from, to) {
  const text = readFileSync(file, 'utf8');
  assert.ok(text.includes(from));
  writeFileSync(file, text.replace(from, to));
}
