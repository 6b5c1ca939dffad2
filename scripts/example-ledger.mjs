// A ledger to look at: two days of an agent in a shop, the same bytes each time. For pictures, and for who works on the
// viewer: `node scripts/example-ledger.mjs FOLDER`.

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inProject } from './run.mjs';

const { events, signEvent, SigningKeypair, GENESIS_PARENT_HASH } = createRequire(import.meta.url)(inProject('dist', 'index.js'));

const START = 1_794_816_000_000_000_000n;
const HOUR = 3_600_000;
const TOOLS = [
  { name: 'find_order', median: 90, spread: 0.5, failing: 0.01 },
  { name: 'look_up_customer', median: 60, spread: 0.4, failing: 0.005 },
  { name: 'refund', median: 420, spread: 0.7, failing: 0.06 },
  { name: 'send_mail', median: 240, spread: 0.9, failing: 0.03 },
  { name: 'change_address', median: 180, spread: 0.5, failing: 0.02 },
];
const MODELS = ['model-7', 'model-7', 'model-7', 'model-7-small'];
const WISHES = ['I would like my money back.', 'Where is my parcel?', 'Please send it to my new address.', 'The lamp came broken.'];

/** The events of so many conversations: `{ text, publicKey, head }`. */
function exampleLedger(conversations = 60) {
  const keypair = SigningKeypair.fromSeed(Uint8Array.from({ length: 32 }, (_, index) => index));
  const random = randomNumbers(7);
  const digest = (text) => createHash('sha256').update(text).digest('hex');
  const lines = [];
  let parentHash = GENESIS_PARENT_HASH;
  let clock = 0;
  const record = (event, after) => {
    clock += after;
    const timestampNanos = START + BigInt(Math.round(clock * 1000)) * 1000n;
    const signed = signEvent({ event, seq: lines.length, parentHash, keypair, timestampNanos });
    parentHash = signed.selfHash;
    lines.push(`${signed.toLine()}\n`);
  };
  for (let conversation = 0; conversation < conversations; conversation += 1) {
    // Days are busier than nights.
    const hour = (clock / HOUR + 8) % 24;
    clock += -Math.log(1 - random()) * (hour > 8 && hour < 20 ? 0.5 : 1.6) * HOUR;
    record(events.sessionStarted({ agentId: 'shop-agent', modelId: 'model-7', sessionId: `call-${conversation + 1}` }), 0);
    const turns = 1 + Math.floor(random() * 5);
    for (let turn = 0; turn < turns; turn += 1) {
      const transcript = WISHES[Math.floor(random() * WISHES.length)];
      record(events.utteranceCaptured({ audioSha256: digest(`${conversation}/${turn}`), transcript, lang: 'en', durationMs: Math.round(900 + random() * 4000) }), 3000 + random() * 9000);
      for (let call = Math.floor(random() * 3); call >= 0; call -= 1) {
        const tool = TOOLS[Math.floor(random() * TOOLS.length)];
        const order = `A-${1000 + Math.floor(random() * 9000)}`;
        const argsRedacted = tool.name === 'refund' ? { order, euros: 5 + Math.floor(random() * 90) } : { order };
        record(events.toolCalled({ toolName: tool.name, argsSha256: digest(JSON.stringify(argsRedacted)), argsRedacted }), 300 + random() * 500);
        // The last call of one conversation never came back.
        if (conversation === 41 && turn === turns - 1 && call === 0) break;
        const latencyMs = Math.round(tool.median * Math.exp(tool.spread * gaussian(random)));
        const success = random() > tool.failing;
        record(events.toolReturned({ toolName: tool.name, resultSha256: digest(`${order}${latencyMs}`), latencyMs, success }), latencyMs);
      }
      const modelId = MODELS[Math.floor(random() * MODELS.length)];
      const promptTokens = Math.round(300 + turn * 450 + random() * 300);
      record(events.modelInvoked({ modelId, promptSha256: digest(`p${lines.length}`), responseSha256: digest(`r${lines.length}`), promptTokens, responseTokens: Math.round(40 + random() * 160) }), 600 + random() * 1500);
      const text = 'I have taken care of it.';
      record(events.utteranceSpoken({ textSha256: digest(text), text, audioSha256: '' }), 200);
    }
    if (conversation !== 41) record(events.sessionEnded({ reason: random() < 0.93 ? 'completed' : 'hung up', summarySha256: '' }), 800);
  }
  return { text: lines.join(''), publicKey: keypair.publicKeyHex, head: `${lines.length - 1}:${parentHash}` };
}

/** The same ledger, in which one refund was raised. */
function tampered(text) {
  const lines = text.split('\n');
  const refunds = lines.flatMap((line, index) => (line.includes('"euros":') ? [index] : []));
  const index = refunds[Math.floor(refunds.length * 0.6)];
  lines[index] = lines[index].replace(/"euros":(\d+)/, (_, euros) => `"euros":${Number(euros) + 900}`);
  return lines.join('\n');
}

/** Numbers from 0 to 1, the same for the same seed (xorshift32). */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function gaussian(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Writes it: `ledger.ndjson`, `tampered.ndjson`, the signer's `agent.pub` and the head in `head.txt`; gives how many events it has. */
export function writeExample(folder, conversations) {
  const { text, publicKey, head } = exampleLedger(conversations);
  mkdirSync(folder, { recursive: true });
  const files = { 'ledger.ndjson': text, 'tampered.ndjson': tampered(text), 'agent.pub': `${publicKey}\n`, 'head.txt': `${head}\n` };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return text.split('\n').length - 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = resolve(process.argv[2] ?? '.');
  console.log(`${folder}: ${writeExample(folder)} events`);
}
