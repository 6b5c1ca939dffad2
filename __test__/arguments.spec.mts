// A lone surrogate has no UTF-8 and would be replaced on its way to the disk: it is refused in every string argument.

import test from 'ava';
import {
  type ErrorCode,
  events,
  FileHeadStore,
  GENESIS_PARENT_HASH,
  MemoryHeadStore,
  readEvents,
  SealwrightTypeError,
  Session,
  sha256Hex,
  signEvent,
  SignedEvent,
  SigningKeypair,
  computeSelfHash,
  verifyChain,
  verifyFile,
  verifyFileSync,
  verifyStream,
} from 'sealwright';
import { rejectsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { DIGEST, ended, key1, START } from './helpers/ledgers.mts';
import { piecesOf } from './helpers/pieces.mts';

const place = { event: ended('x'), seq: 0, parentHash: GENESIS_PARENT_HASH, timestampNanos: START };
const head = { seq: 0, hash: DIGEST };
const nothing = () => piecesOf(new Uint8Array(), 1);

/** Every string argument that is no JSON, and no text of a ledger. */
const plain: Record<string, (text: string, path: string) => unknown> = {
  'sha256Hex(data)': (text) => sha256Hex(text),
  'SigningKeypair.load(path)': (text) => SigningKeypair.load(text),
  'SigningKeypair.loadOrCreate(path)': (text) => SigningKeypair.loadOrCreate(text),
  'keypair.save(path)': (text) => key1.save(text),
  'Session.open({ledgerPath})': (text) => Session.open({ keypair: key1, ledgerPath: text, sessionId: 's' }),
  'Session.open({sessionId})': (text, path) => Session.open({ keypair: key1, ledgerPath: path, sessionId: text }),
  'Session.openSync({ledgerPath})': (text) => Session.openSync({ keypair: key1, ledgerPath: text, sessionId: 's' }),
  'Session.openSync({sessionId})': (text, path) =>
    Session.openSync({ keypair: key1, ledgerPath: path, sessionId: text }),
  'signEvent({parentHash})': (text) => signEvent({ ...place, keypair: key1, parentHash: text }),
  'computeSelfHash({parentHash})': (text) => computeSelfHash({ ...place, parentHash: text }),
  'verifyFile(path)': (text) => verifyFile(text),
  'verifyFileSync(path)': (text) => verifyFileSync(text),
  'verifyFile({signers})': (text, path) => verifyFile(path, { signers: text }),
  'verifyFile({signers: [PEM]})': (text, path) => verifyFile(path, { signers: [`-----BEGIN${text}`] }),
  'verifyFile({expectedFirst})': (text, path) => verifyFile(path, { expectedFirst: text }),
  'verifyChain({expectedHead})': (text) => verifyChain([], { expectedHead: { seq: 0, hash: text } }),
  'verifyStream({expectedFirst})': (text) => verifyStream(nothing(), { expectedFirst: text }),
  'readEvents(path)': (text) => readEvents(text),
  'readEvents({kinds})': (text, path) => readEvents(path, { kinds: ['ToolCalled', text] }),
  'readEvents({session})': (text, path) => readEvents(path, { session: text }),
  'new FileHeadStore(path)': (text) => new FileHeadStore(text),
  'FileHeadStore.get(id)': (text, path) => new FileHeadStore(path).get(text),
  'FileHeadStore.set(id)': (text, path) => new FileHeadStore(path).set(text, head),
  'MemoryHeadStore.get(id)': (text) => new MemoryHeadStore().get(text),
  'MemoryHeadStore.set(id)': (text) => new MemoryHeadStore().set(text, head),
  'MemoryHeadStore.set({hash})': (text) => new MemoryHeadStore().set('a', { seq: 0, hash: text }),
};

/** JSON and text of a ledger. */
const json: typeof plain = {
  'events.sessionStarted(fields)': (text) => events.sessionStarted({ agentId: text, modelId: 'm', sessionId: 's' }),
  'events.toolCalled({argsSha256})': (text) =>
    events.toolCalled({ toolName: 't', argsSha256: text, argsRedacted: null }),
  'events.custom({name})': (text) => events.custom({ name: text, data: null }),
  'events.fromJSON({type})': (text) => events.fromJSON({ type: text, payload: {} }),
  'events.parse(text)': (text) => events.parse(text),
  'SignedEvent.parse(line)': (text) => SignedEvent.parse(text),
  'verifyChain(lines)': (text) => verifyChain([text]),
  'verifyStream(strings)': (text) =>
    verifyStream(
      (async function* () {
        yield text;
      })(),
    ),
};

for (const [calls, code] of [
  [plain, 'ERR_INVALID_ARGUMENT'],
  [json, 'ERR_JSON_STRING'],
] as [typeof plain, ErrorCode][]) {
  for (const [name, call] of Object.entries(calls)) {
    test(`${name} with a lone surrogate: ${code}`, async (t) => {
      for (const text of ['\ud800', 'a\udc00', '\udfff\ud800 b']) {
        await rejectsError(t, async () => call(text, newPath(t)), { instanceOf: SealwrightTypeError, code });
      }
    });
  }
}
