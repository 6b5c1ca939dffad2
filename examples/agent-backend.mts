/*
 * A shop's telephone agent, in one process: three callers at once, two tools, one ledger.
 *
 *   node agent-backend.mjs <folder>
 *
 * Whatever the agent hears, asks, does and says is recorded before it goes on. The model is a few rules, so nothing
 * leaves this machine; in its place stands yours.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalSha256, events, Session, sha256Hex, SigningKeypair } from 'sealwright';

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: agent-backend <folder>');
  process.exit(2);
}

const MODEL = 'rules-1';
const TOOLS = { calculate, search };
const CALLERS = [
  { id: 'call-1', customer: 'C-1042', says: 'What do two replacement filters cost, delivered?' },
  { id: 'call-2', customer: 'C-0077', says: 'How long may I return a damaged kettle?' },
  { id: 'call-3', customer: 'C-3141', says: 'What is 1200 / (3 - 3)?' },
];

mkdirSync(folder, { recursive: true });
const ledgerPath = join(folder, 'ledger.ndjson');
const keypair = SigningKeypair.loadOrCreate(join(folder, 'signing.key'));

console.log('An agent backend answers three callers at once.\n');
const started = performance.now();
// This session keeps the ledger open from the first call to the last.
await using backend = await Session.open({ keypair, ledgerPath, sessionId: 'backend' });
const counts = await Promise.all(CALLERS.map(converse));
const total = counts.reduce((sum, count) => sum + count, 0);
const milliseconds = Math.round(performance.now() - started);

const head = backend.head;
writeFileSync(join(folder, 'signer.pub'), `${keypair.publicKeyHex}\n`);
writeFileSync(join(folder, 'head.json'), `${JSON.stringify(head)}\n`);

console.log(`${total} events of three conversations are in one chain. Each was on disk before the agent went on;`);
console.log(`together they took ${milliseconds} ms.`);
console.log(`  ledger      ${ledgerPath}`);
console.log(`  public key  ${keypair.publicKeyHex}  (signer.pub)`);
console.log(`  head        seq ${head?.seq}, ${head?.hash}  (head.json)`);
console.log('Keep the public key and the head where whoever keeps the ledger cannot change them.');

/** One conversation, with its own session; returns how many events it recorded. */
async function converse({ id, customer, says }: (typeof CALLERS)[number]): Promise<number> {
  await using session = await Session.open({ keypair, ledgerPath, sessionId: id });
  const account = [`  ${id}  "${says}"`];
  let recorded = 0;
  const record = async (event: Parameters<Session['record']>[0]) => {
    await session.record(event);
    recorded += 1;
  };

  await record(events.sessionStarted({ agentId: 'shop-agent', modelId: MODEL, sessionId: id }));
  const audioSha256 = sha256Hex(Buffer.from(says, 'utf16le')); // stands for the recording of the call
  await record(events.utteranceCaptured({ audioSha256, transcript: says, lang: 'en', durationMs: says.length * 60 }));

  const results: ToolResult[] = [];
  let thought = await think();
  while ('calls' in thought) {
    // Tools that do not need each other run at once; so do their records.
    results.push(...(await Promise.all(thought.calls.map(use))));
    thought = await think();
  }

  const text = thought.answer;
  account.push(`          "${text}"\n`);
  await record(events.utteranceSpoken({ textSha256: sha256Hex(text), text, audioSha256: '' }));
  await record(events.sessionEnded({ reason: 'completed', summarySha256: sha256Hex(`${says}\n${text}`) }));
  console.log(account.join('\n'));
  return recorded;

  async function think(): Promise<Thought> {
    const prompt = { says, results };
    const decided = model(says, results);
    await record(
      events.modelInvoked({
        modelId: MODEL,
        promptSha256: canonicalSha256(prompt),
        responseSha256: canonicalSha256(decided),
        promptTokens: wordsOf(JSON.stringify(prompt)),
        responseTokens: wordsOf(JSON.stringify(decided)),
      }),
    );
    return decided;
  }

  async function use({ tool, input }: ToolCall): Promise<ToolResult> {
    // The customer's number goes to the tool and into the digest, but is not kept in clear.
    const args = { customer, input };
    await record(events.toolCalled({ toolName: tool, argsSha256: canonicalSha256(args), argsRedacted: { input } }));
    const start = performance.now();
    const { success, output } = attempt(() => TOOLS[tool](input));
    await record(
      events.toolReturned({
        toolName: tool,
        resultSha256: sha256Hex(output),
        latencyMs: Math.round(performance.now() - start),
        success,
      }),
    );
    account.push(`          ${tool}(${input}) ${success ? '->' : 'failed:'} ${output}`);
    return { tool, success, output };
  }
}

// The tools.

interface ToolCall {
  readonly tool: keyof typeof TOOLS;
  readonly input: string;
}

interface ToolResult {
  readonly tool: keyof typeof TOOLS;
  readonly success: boolean;
  readonly output: string;
}

function attempt(work: () => string): { readonly success: boolean; readonly output: string } {
  try {
    return { success: true, output: work() };
  } catch (error) {
    return { success: false, output: (error as Error).message };
  }
}

/** Evaluates + - * / and brackets. */
function calculate(expression: string): string {
  const tokens = expression.match(/\d+(\.\d+)?|[-+*/()]/g) ?? [];
  const value = sum();
  if (tokens.length > 0) throw new Error(`unexpected ${tokens[0]}`);
  return String(Math.round(value * 100) / 100);

  function sum(): number {
    let left = product();
    while (tokens[0] === '+' || tokens[0] === '-') left = tokens.shift() === '+' ? left + product() : left - product();
    return left;
  }

  function product(): number {
    let left = factor();
    while (tokens[0] === '*' || tokens[0] === '/') {
      const times = tokens.shift() === '*';
      const right = factor();
      if (!times && right === 0) throw new Error('division by zero');
      left = times ? left * right : left / right;
    }
    return left;
  }

  function factor(): number {
    const token = tokens.shift();
    if (token !== '(') return Number(token);
    const inner = sum();
    if (tokens.shift() !== ')') throw new Error('a bracket is not closed');
    return inner;
  }
}

/** The text that shares most words with the query. */
function search(query: string): string {
  const texts = [
    'A replacement filter costs 14.90 euros.',
    'Delivery within the country costs 4.50 euros.',
    'A damaged kettle may be returned within 30 days, a working one within 14.',
    'The shop is closed on Sundays.',
  ];
  const words = query.toLowerCase().match(/[a-z]{4,}/g) ?? [];
  const score = (text: string) => words.filter((word) => text.toLowerCase().includes(word)).length;
  const best = texts.reduce((a, b) => (score(b) > score(a) ? b : a));
  if (score(best) === 0) throw new Error('nothing found');
  return best;
}

// The model.

type Thought = { readonly calls: readonly ToolCall[] } | { readonly answer: string };

/** What to do next, from what was asked and what the tools have said so far. */
function model(asked: string, results: readonly ToolResult[]): Thought {
  const failed = results.find(({ success }) => !success);
  if (failed !== undefined) return { answer: `I cannot work that out: ${failed.output}.` };
  const last = results.at(-1);
  if (last?.tool === 'calculate') return { answer: `That makes ${Number(last.output).toFixed(2)} euros.` };
  if (last === undefined) {
    const formula = /[\d(][\d\s.()+*/-]+[\d)]/.exec(asked);
    if (formula !== null) return { calls: [{ tool: 'calculate', input: formula[0] }] };
    const topics = asked.includes('delivered') ? ['replacement filter', 'delivery'] : [asked];
    return { calls: topics.map((input) => ({ tool: 'search', input })) };
  }
  const prices = results.flatMap(({ output }) => /costs ([\d.]+)/.exec(output)?.[1] ?? []);
  if (prices.length < 2) return { answer: last.output };
  return { calls: [{ tool: 'calculate', input: `${asked.includes('two') ? 2 : 1} * ${prices.join(' + ')}` }] };
}

function wordsOf(text: string): number {
  return text.match(/\w+/g)?.length ?? 0;
}
