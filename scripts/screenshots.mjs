// npm run screenshots: pictures of the command line for the docs, as SVG, with the same bytes each time; and of the viewer, as
// PNG, where it was built and Chromium is there.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { writeExample } from './example-ledger.mjs';
import { chromiumPath } from './parts.mjs';
import { inProject, temporaryFolder } from './run.mjs';
import { takeViewerPictures } from './viewer-pictures.mjs';

const COLUMNS = 110;
const LINE_HEIGHT = 19;
const CHARACTER_WIDTH = 7.83;
const PADDING = 16;
/** What the paints of src/cli/output.ts look like here. */
const CLASSES = { 1: 'b', 2: 'd', 31: 'r', 32: 'g', 33: 'y' };
const STYLE = `text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#24292f;white-space:pre}
rect{fill:#ffffff;stroke:#d0d7de}.b{font-weight:600}.d{fill:#57606a}.r{fill:#cf222e;font-weight:600}.g{fill:#1a7f37;font-weight:600}.y{fill:#9a6700;font-weight:600}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#0d1117;stroke:#30363d}.d{fill:#8b949e}.r{fill:#ff7b72}.g{fill:#3fb950}.y{fill:#d29922}}`;

const { events, signEvent, SigningKeypair, GENESIS_PARENT_HASH } = createRequire(import.meta.url)(inProject('dist', 'index.js'));

mkdirSync(temporaryFolder, { recursive: true });
const folder = mkdtempSync(join(temporaryFolder, 'screenshots-'));
try {
  const { publicKey, head } = writeLedgers();
  const shots = {
    'verify-verified': ['verify', 'ledger.ndjson', '--signer', 'agent.pub', '--head', head],
    'verify-limited': ['verify', 'ledger.ndjson'],
    'verify-broken': ['verify', 'tampered.ndjson', '--signer', 'agent.pub'],
  };
  writeFileSync(join(folder, 'agent.pub'), `${publicKey}\n`);
  mkdirSync(inProject('docs', 'images'), { recursive: true });
  for (const [name, words] of Object.entries(shots)) {
    writeFileSync(inProject('docs', 'images', `${name}.svg`), picture(words, run(words)));
    console.log(`docs/images/${name}.svg`);
  }
  if (existsSync(inProject('dist', 'viewer', 'viewer.html')) && chromiumPath() !== undefined) {
    writeExample(join(folder, 'example'));
    for (const name of await takeViewerPictures(join(folder, 'example'))) console.log(`docs/images/${name}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** A conversation, and a copy in which a refund was raised. */
function writeLedgers() {
  const keypair = SigningKeypair.fromSeed(Uint8Array.from({ length: 32 }, (_, index) => index));
  const digest = 'c0ffee'.padEnd(64, '0');
  const said = [
    events.sessionStarted({ agentId: 'shop-agent', modelId: 'model-7', sessionId: 'call-1' }),
    events.utteranceCaptured({ audioSha256: digest, transcript: 'I would like my money back.', lang: 'en', durationMs: 2140 }),
    events.toolCalled({ toolName: 'refund', argsSha256: digest, argsRedacted: { order: 'A-1042', euros: 25 } }),
    events.toolReturned({ toolName: 'refund', resultSha256: digest, latencyMs: 187, success: true }),
    events.modelInvoked({ modelId: 'model-7', promptSha256: digest, responseSha256: digest, promptTokens: 512, responseTokens: 64 }),
    events.utteranceSpoken({ textSha256: digest, text: 'You get 25 euros back.', audioSha256: '' }),
    events.sessionEnded({ reason: 'completed', summarySha256: '' }),
  ];
  let parentHash = GENESIS_PARENT_HASH;
  const lines = said.map((event, seq) => {
    const timestampNanos = 1_795_000_000_000_000_000n + BigInt(seq) * 1_250_000_000n;
    const signed = signEvent({ event, seq, parentHash, keypair, timestampNanos });
    parentHash = signed.selfHash;
    return `${signed.toLine()}\n`;
  });
  const text = lines.join('');
  writeFileSync(join(folder, 'ledger.ndjson'), text);
  writeFileSync(join(folder, 'tampered.ndjson'), text.replace('"euros":25', '"euros":95'));
  return { publicKey: keypair.publicKeyHex, head: `${lines.length - 1}:${parentHash}` };
}

/** What it prints, colours included; a broken ledger ends with 1. */
function run(words) {
  const env = { PATH: process.env.PATH, FORCE_COLOR: '1' };
  try {
    return execFileSync(process.execPath, [inProject('dist', 'cli', 'main.js'), ...words], { cwd: folder, env, encoding: 'utf8' });
  } catch (error) {
    if (error.status !== 1) throw error;
    return error.stdout;
  }
}

function picture(words, text) {
  const shown = words.map((word) => (word.length > 40 ? `${word.slice(0, 12)}…` : word)).join(' ');
  const lines = [[{ text: `$ npx sealwright ${shown}`, paint: 'b' }], [], ...text.trimEnd().split('\n').flatMap((line) => wrap(spans(line)))];
  const width = Math.ceil(COLUMNS * CHARACTER_WIDTH) + 2 * PADDING;
  const height = lines.length * LINE_HEIGHT + 2 * PADDING;
  const rows = lines.map((line, index) => {
    const y = PADDING + 14 + index * LINE_HEIGHT;
    return `<text x="${PADDING}" y="${y}">${line.map(tspan).join('')}</text>`;
  });
  const box = `<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="6"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">\n<style>${STYLE}</style>\n${box}\n${rows.join('\n')}\n</svg>\n`;
}

function tspan({ text, paint }) {
  return `<tspan${paint ? ` class="${paint}"` : ''}>${escape(text)}</tspan>`;
}

/** Text and its class, from the codes that style a terminal. */
function spans(line) {
  const found = [];
  let paint;
  for (const piece of line.split(/(\u001b\[\d+m)/)) {
    const code = /^\u001b\[(\d+)m$/.exec(piece)?.[1];
    if (code !== undefined) paint = CLASSES[code];
    else if (piece !== '') found.push({ text: piece, paint });
  }
  return found;
}

/** Lines of at most COLUMNS characters, as a terminal breaks them. */
function wrap(line) {
  const lines = [[]];
  let room = COLUMNS;
  for (let { text, paint } of line) {
    while (text.length > room) {
      lines.at(-1).push({ text: text.slice(0, room), paint });
      text = text.slice(room);
      lines.push([]);
      room = COLUMNS;
    }
    lines.at(-1).push({ text, paint });
    room -= text.length;
  }
  return lines;
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
