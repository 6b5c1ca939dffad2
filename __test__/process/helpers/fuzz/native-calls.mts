// A good call of everything that the addon has.

import type { NativeSession } from '../../../../index.js';
import { ended, key1, key2, seed1, START } from '../../../helpers/ledgers.mts';
import { projectRoot } from '../../../helpers/project.mts';
import { anchor, event, listed, proofOf, publicKey, receiptFile, vectors, window } from './attesto-values.mts';
import { chain, type Ground, native, on, type Recipe, vector } from './ground.mts';
import { history, newer, older, other, plainPolicy, policy, proofText, tiny, vkeys, witnessAnswer } from './proof-values.mts';

const key = () => native.NativeKey.fromSeed(seed1);
const line = chain[0]!.toLine();
const lines = chain.map((signed) => signed.toLine());
const eventText = String(ended('x'));
const ZEROS = '0'.repeat(64);
const head = { seq: 4, hash: chain[4]!.selfHash };
const record = JSON.stringify({ schemaVersion: 1 });
const events = () => undefined;

function options(ground: Ground, changes: object = {}) {
  return { ledgerPath: ground.path('ledger.ndjson'), events: 'extended', verifyOnOpen: 'tail', lockTimeoutMs: 0, headWait: false, ...changes };
}

async function session(ground: Ground, changes: object = {}): Promise<NativeSession> {
  return ground.held(await native.openSession(key(), options(ground, changes), () => undefined));
}

/** Of a ledger in segments of two events. */
async function segmented(ground: Ground): Promise<NativeSession> {
  const opened = await session(ground, { rotate: { maxEvents: 2 } });
  for (let count = 0; count < 6; count += 1) opened.recordSync(eventText);
  return opened;
}

async function prunable(ground: Ground): Promise<readonly [NativeSession, unknown]> {
  const opened = await segmented(ground);
  return [opened, await native.findPrunable(opened, { keep: 1 })];
}

function witness(ground: Ground): InstanceType<typeof native.NativeWitness> {
  return ground.held(new native.NativeWitness(ground.path('witness'), key(), 'w.example', [vkeys.log]));
}

const imported = async (ground: Ground) =>
  ground.held(await native.NativeImport.verify(ground.ledger(), null, '{}', new native.CancelFlag()));
const pinned = { contract: `0x${'ab'.repeat(20)}`, chainId: 137, confirmations: 1 };

export const nativeCalls: Readonly<Record<string, Recipe>> = {
  version: () => [],
  selfTest: () => [],
  // What it arms would end another call: process/panics.spec.mts has the good ones.
  testFault: null,
  drainSessions: async (ground) => (await session(ground), []),
  parsePublicKey: () => [key1.publicKeyHex],
  publicKeyFingerprint: () => [key1.publicKeyHex],
  checkVerificationRecord: () => [key().signVerificationRecord(record), [key1.publicKeyHex]],
  mendEnd: (ground) => [ground.ledger(`${line}\n${line.slice(9)}`)],
  lookAtEnd: (ground) => [ground.ledger()],
  discardKept: (ground) => [ground.ledger()],
  peekLedger: (ground) => [ground.ledger()],
  openSession: (ground) => [key(), options(ground, { rotate: { maxEvents: 9, maxBytes: 999, maxAgeMs: 999 } }), events, null, null],
  openSessionSync: (ground) => [key(), options(ground, { customHeads: { identity: 1, firstHash: '', heads: [] } }), events, null, null],
  parseLine: () => [line],
  parseEvent: () => [eventText],
  sha256Hex: () => [new Uint8Array(9)],
  signEvent: () => [eventText, 0, ZEROS, key(), START],
  canonicalJson: () => ['{"b":[1,2.5],"a":null}'],
  canonicalSha256: () => ['{"b":[1,2.5],"a":null}'],
  computeSelfHash: () => [eventText, 0, ZEROS, START],
  putFile: (ground) => [ground.path(), new Uint8Array(9), true],
  tryLock: (ground) => [ground.file('')],
  headDone: () => [1, null],
  signDone: () => [1, new Uint8Array(64)],
  signFailed: () => [1, 'no', true],
  knownHead: (ground) => [ground.file(JSON.stringify(head)), null],
  timeSync: (ground) => [ground.folder],
  lockState: (ground) => [ground.ledger()],
  ledgerFiles: (ground) => [ground.ledger()],
  findGap: (ground) => [ground.ledger(), 2],
  printEvents: () => [Buffer.from(`${line}\n`), false, 1, 0],
  commit: () => ['{"a":1}', 'domain'],
  verifyCommitment: () => {
    const { commitment, salt } = JSON.parse(native.commit('1', 'domain')) as Record<string, string>;
    return [commitment, '1', salt, 'domain'];
  },
  noteKey: () => ['w.example', key1.publicKeyHex, true],
  openCheckpoint: () => [newer, policy],
  openUncosigned: () => [newer, policy],
  policyWitnesses: () => [policy],
  addCosignature: () => [newer, witnessAnswer, vkeys.witness],
  witnessRequest: () => [history.checkpoint(9), 5, history.prove(5, 9)],
  makeForkEvidence: () => [history.checkpoint(5), other.checkpoint(9), plainPolicy, history.root(5), other.prove(5, 9)],
  verifyForkEvidence: () => [native.makeForkEvidence(history.checkpoint(6), other.checkpoint(6), plainPolicy, null, []), plainPolicy],
  verifyConsistency: () => [older, newer, tiny.consistencyProof, policy],
  verifyInclusion: () => [proofText, policy, tiny.line, [key1.publicKeyHex]],
  exportTiles: async (ground) => {
    const { ledger, newer: checkpoint } = await ground.checkpoints();
    return [ledger, ground.path('tiles'), checkpoint, new native.CancelFlag()];
  },
  proveGrowth: async (ground) => {
    const { ledger, newer: checkpoint } = await ground.checkpoints();
    return [ledger, 2, checkpoint, new native.CancelFlag()];
  },
  proveConsistency: async (ground) => {
    const { ledger, older: from, newer: to } = await ground.checkpoints();
    return [ledger, from, to, new native.CancelFlag()];
  },
  proveInclusion: async (ground) => {
    const { ledger, newer: checkpoint } = await ground.checkpoints();
    return [ledger, 1, checkpoint, new native.CancelFlag()];
  },
  lastCheckpoint: async (ground) => [(await ground.checkpoints()).ledger],
  keepCosignatures: async (ground) => {
    const { ledger, newer: checkpoint } = await ground.checkpoints();
    return [ledger, checkpoint];
  },
  signCheckpoint: async (ground) => {
    const opened = await session(ground);
    opened.recordSync(eventText);
    return [opened, 'example.com/ledger', key()];
  },
  findPrunable: async (ground) => [await segmented(ground), { keep: 1, beforeSeq: 5, beforeMs: 2e12 }],
  submitPrune: async (ground) => {
    const [opened, found] = await prunable(ground);
    return [opened, 1, found];
  },
  // Ends with an error unless the line is that of the event, which only the callback is told.
  removePruned: async (ground) => {
    let settled: (line: string) => void = () => undefined;
    const pruned = new Promise<string>((resolve) => (settled = resolve));
    const callback = (kind: string, _: unknown, [text = '']: readonly string[]) => kind === 'settled' && settled(text);
    const opened = ground.held(await native.openSession(key(), options(ground, { rotate: { maxEvents: 2 } }), callback));
    for (let count = 0; count < 6; count += 1) opened.recordSync(eventText);
    const found = await native.findPrunable(opened, { keep: 1 });
    opened.ref();
    native.submitPrune(opened, 1, found!);
    opened.wake();
    return [opened, found, await pruned];
  },
  verifyFiles: (ground) => [ground.ledger(), true, '{}', null, null, false, () => undefined, new native.CancelFlag()],
  verifyFilesSync: (ground) => [ground.ledger(), true, '{}', ground.path('state'), key(), true],
  verifyLines: () => [lines, JSON.stringify({ signers: [key1.publicKeyHex], expectedHead: head })],

  attestoCanonicalJson: () => ['{"b":1,"a":[]}', 'payload'],
  attestoCommitment: () => ['{"b":1,"a":[]}', 'payload'],
  attestoDomainHash: () => ['domain', '{"b":1,"a":[]}'],
  attestoAnchorRequests: () => [JSON.stringify(anchor), pinned],
  attestoVerifyAnchor: () => [JSON.stringify(anchor), pinned, [{ body: '{}' }, { failure: 'no' }, { body: '' }, { body: '[]' }]],
  attestoVerifyReceipt: () => [JSON.stringify(event.receipt), publicKey],
  attestoVerifyReceiptFile: () => [receiptFile, publicKey, JSON.stringify(listed)],
  attestoVerifyStreamHead: () => [JSON.stringify(event.receipt), publicKey, { seq: 1, hash: ZEROS }, '[]'],
  attestoVerifyInclusion: () => [proofOf.leafHash, true, { index: proofOf.leafIndex, count: window.leaves.length }, JSON.stringify(proofOf.proof), window.rootHash],
  attestoVerifyEventProof: () => [JSON.stringify({ proof: proofOf.proof }), 'batch', window.rootHash, { index: 0, count: 2 }],
  attestoVerifyCommitment: () => [JSON.stringify(event.envelope), false, ZEROS],
  attestoVerifyCompleteness: () => [JSON.stringify(vectors.stream), { fromSeqNo: 1, toSeqNo: 7, prevEventHash: ZEROS, lastEventHash: ZEROS, allowHashesOnly: true }],
  attestoVerifyCheckpointRoot: () => [JSON.stringify(vectors.checkpoint_roots[0]?.window_hashes), 1, ZEROS],
  attestoVerifyCheckpointExtension: () => ['{}', '{}'],

  'new CancelFlag': () => [],
  'CancelFlag#cancel': () => on(new native.CancelFlag()),
  'new NativeDecoder': () => [1000],
  'NativeDecoder#next': () => on(new native.NativeDecoder(1e6), vector(projectRoot, 'compressed', 'gzip-of-a-file.gz')),
  'NativeDecoder#format': () => on(new native.NativeDecoder()),
  'NativeDecoder#close': () => on(new native.NativeDecoder()),
  'new NativeFileHeads': (ground) => [ground.path('heads')],
  'NativeFileHeads#get': (ground) => on(new native.NativeFileHeads(ground.path('heads')), 'a'),
  'NativeFileHeads#advance': (ground) => on(new native.NativeFileHeads(ground.path('heads')), 'a', head),
  'NativeFileHeads#reset': (ground) => on(new native.NativeFileHeads(ground.path('heads')), 'a', head),
  'new NativeMemoryHeads': () => [],
  'NativeMemoryHeads#get': () => on(new native.NativeMemoryHeads(), 'a'),
  'NativeMemoryHeads#advance': () => on(new native.NativeMemoryHeads(), 'a', head),
  'NativeMemoryHeads#reset': () => on(new native.NativeMemoryHeads(), 'a', head),
  'new NativeImport': null,
  'NativeImport.verify': (ground) => [ground.ledger(), ground.path('copy'), '{}', new native.CancelFlag()],
  'NativeImport#path': async (ground) => on(await imported(ground)),
  'NativeImport#report': async (ground) => on(await imported(ground)),
  'NativeImport#heads': async (ground) => on(await imported(ground)),
  'NativeImport#adopt': async (ground) => on(await imported(ground), [{ id: 'a', ...head }]),
  'NativeImport#withdraw': async (ground) => on(await imported(ground)),
  'NativeImport#release': async (ground) => on(await imported(ground)),
  'new NativeKey': null,
  'NativeKey.generate': () => [],
  'NativeKey.fromSeed': () => [seed1],
  'NativeKey.load': (ground) => [ground.file(seed1), false],
  'NativeKey.loadOrCreate': (ground) => [ground.path('key'), true, false],
  'NativeKey#save': (ground) => on(key(), ground.path('key')),
  'NativeKey#created': () => on(key()),
  'NativeKey#publicKeyHex': () => on(key()),
  'NativeKey#fingerprint': () => on(key()),
  'NativeKey#signVerificationRecord': () => on(key(), record),
  'new NativeLock': null,
  'NativeLock#release': async (ground) => on(await native.tryLock(ground.file(''))),
  'new NativePrunable': null,
  'NativePrunable#from': async (ground) => on((await prunable(ground))[1]),
  'NativePrunable#to': async (ground) => on((await prunable(ground))[1]),
  'new NativeReader': null,
  'NativeReader.open': (ground) => [ground.ledger(), '{"from":1,"index":true}', new native.CancelFlag()],
  'NativeReader#next': async (ground) => on(ground.held(await native.NativeReader.open(ground.ledger(), '{"index":true}'))),
  'NativeReader#close': async (ground) => on(await native.NativeReader.open(ground.ledger(), '{"index":true}')),
  'new NativeSession': null,
  'NativeSession#submit': async (ground) => on(await session(ground), 1, eventText),
  'NativeSession#wake': async (ground) => on(await session(ground)),
  'NativeSession#submitMany': async (ground) => on(await session(ground), 1, [eventText, eventText]),
  'NativeSession#cancel': async (ground) => on(await session(ground), 1),
  'NativeSession#recordSync': async (ground) => on(await session(ground), eventText),
  'NativeSession#recordSyncMeasured': async (ground) => on(await session(ground), eventText),
  'NativeSession#rotateKey': async (ground) => on(await session(ground), 1, null, { publicKey: key2.publicKeyHex, number: 0, timeoutMs: 5 }),
  'NativeSession#rotateKeySync': async (ground) => on(await session(ground), native.NativeKey.generate(), null),
  'NativeSession#end': async (ground) => on(await session(ground), 1, 's'),
  'NativeSession#endSync': async (ground) => on(await session(ground), 's'),
  'NativeSession#beat': async (ground) => on(await session(ground), 1, 's', 1000),
  'NativeSession#quietMs': async (ground) => on(await session(ground)),
  'NativeSession#publicKeyHex': async (ground) => on(await session(ground)),
  'NativeSession#head': async (ground) => on(await session(ground)),
  'NativeSession#recovery': async (ground) => on(await session(ground)),
  'NativeSession#headStoreError': async (ground) => on(await session(ground)),
  'NativeSession#rotateError': async (ground) => on(await session(ground)),
  'NativeSession#headStoreIsTold': async (ground) => on(await session(ground)),
  'NativeSession#wantRoom': async (ground) => on(await session(ground)),
  'NativeSession#ref': async (ground) => on(await session(ground)),
  'NativeSession#unref': async (ground) => on(await session(ground)),
  'NativeSession#close': async (ground) => on(await session(ground)),
  'NativeSession#closeSync': async (ground) => on(await session(ground)),
  'new NativeVerifier': () => ['{}'],
  'NativeVerifier#push': () => on(new native.NativeVerifier('{}'), Buffer.from(`${line}\n`)),
  'NativeVerifier#finish': () => on(new native.NativeVerifier('{}')),
  'new NativeWitness': (ground) => [ground.path('witness'), key(), 'w.example', [vkeys.log]],
  'NativeWitness#key': (ground) => on(witness(ground)),
  'NativeWitness#addCheckpoint': (ground) => on(witness(ground), history.request(0, 5), 1_700_000_000),
  'NativeWitness#latest': (ground) => on(witness(ground), 'example.com/ledger'),
  'NativeWitness#close': (ground) => on(witness(ground)),
};
