// Anchors, against an endpoint that answers as a node of Ethereum does: its answers are encoded, and our calls decoded, by viem.

import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { verifyAnchorOnchain, type VerifyAnchorOnchainFields, verifyEventProof } from 'sealwright/proofs';
import { decodeFunctionData, encodeFunctionResult, numberToHex, parseAbi, toFunctionSelector } from 'viem';
import { sha256Hex } from 'sealwright';
import { codes, vectors } from './helpers/attesto.mts';

const abi = parseAbi(['function getCommitment(string) view returns (bytes32, uint32, string, uint64)']);
const root = 'c0'.repeat(32);
const contract = `0x${'Ab'.repeat(20)}`;
const chainId = 137;
const txHash = `0x${'7e'.repeat(32)}`;
const anchor = {
  anchorEpochId: 'aep_1',
  chainId,
  anchorBatchId: 'batch-é-1',
  merkleRoot: root,
  txHash,
  blockNumber: 100,
  status: 'confirmed',
  payload: { contract_address: contract.toLowerCase() },
};

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

type Answers = Readonly<Record<string, (call: Call) => unknown>>;

/** A node whose contract has the root for our batch, and zeros for any other, as contracts do. */
const honest: Answers = {
  eth_chainId: () => numberToHex(chainId),
  eth_blockNumber: () => numberToHex(111),
  eth_call: ({ params }) => {
    const [{ to, data }, block] = params as [{ to: string; data: `0x${string}` }, string];
    if (to !== contract.toLowerCase() || block !== 'latest') return '0x';
    const { args } = decodeFunctionData({ abi, data });
    const stored = args?.[0] === anchor.anchorBatchId ? root : '00'.repeat(32);
    return encodeFunctionResult({ abi, functionName: 'getCommitment', result: [`0x${stored}`, 7, 'meta', 1_750_000_000n] });
  },
  eth_getTransactionReceipt: () => receipt(),
};

const receipt = (changes: object = {}) => ({
  transactionHash: txHash,
  status: '0x1',
  blockNumber: numberToHex(100),
  to: contract.toLowerCase(),
  from: `0x${'11'.repeat(20)}`,
  logs: [],
  ...changes,
});

async function listen(t: ExecutionContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** A node that answers so, unless it is told otherwise. */
function node(t: ExecutionContext, answers: Answers = {}): Promise<string> {
  return listen(t, async (request, response) => {
    const call = JSON.parse(await bodyOf(request)) as Call;
    const result = ({ ...honest, ...answers })[call.method]?.(call);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ jsonrpc: '2.0', id: call.id, result }));
  });
}

const check = async (rpcUrl: string, changes: Partial<VerifyAnchorOnchainFields> = {}) =>
  verifyAnchorOnchain({ anchor, rpcUrl, contract, chainId, ...changes });

test('a root that stands in the contract', async (t) => {
  const rpcUrl = await node(t);
  const expected = { ok: true, problems: [], batchId: anchor.anchorBatchId, merkleRoot: root, confirmations: null };
  t.deepEqual(await check(rpcUrl), expected);
  t.deepEqual(await check(rpcUrl, { confirmations: 12 }), { ...expected, confirmations: 12 });
  const { anchorBatchId, merkleRoot, blockNumber } = anchor;
  const snake = { anchor_batch_id: anchorBatchId, merkle_root: `0x${merkleRoot}`, tx_hash: txHash, block_number: blockNumber };
  t.deepEqual(await check(rpcUrl, { anchor: JSON.stringify(snake) }), expected);
});

test('what is called is what the peer and viem encode', async (t) => {
  t.is(toFunctionSelector('getCommitment(string)'), `0x${vectors.anchor_selector}`);
  t.is(vectors.anchor_calldata.length, 5);
  for (const { batch_id: id, data } of vectors.anchor_calldata.filter(({ batch_id: name }) => name !== '')) {
    let called: unknown;
    const rpcUrl = await node(t, {
      eth_call: (call) => {
        called = (call.params[0] as { data: string }).data;
        return honest['eth_call']?.(call);
      },
    });
    const report = await check(rpcUrl, { anchor: { ...anchor, anchorBatchId: id } });
    t.is(called, data);
    t.deepEqual(decodeFunctionData({ abi, data: data as `0x${string}` }).args, [id]);
    // The contract has nothing for that batch.
    t.deepEqual(codes(report), ['root_mismatch']);
  }
});

test('row 7: a contract of the anchor\'s own, another chain, a transaction that failed', async (t) => {
  const rpcUrl = await node(t);
  const attacker = `0x${'66'.repeat(20)}`;
  const own = { ...anchor, payload: { contract_address: attacker } };
  t.deepEqual(codes(await check(rpcUrl, { anchor: own })), ['contract_mismatch']);
  t.deepEqual(codes(await check(rpcUrl, { anchor: { ...anchor, contractAddress: attacker } })), ['contract_mismatch']);
  t.deepEqual(codes(await check(rpcUrl, { anchor: { ...anchor, chainId: 1 } })), ['chain_id_mismatch']);
  t.deepEqual(codes(await check(rpcUrl, { anchor: { ...anchor, status: 'pending' } })), ['anchor_unconfirmed']);
  const other = async (answers: Answers, changes = {}) => codes(await check(await node(t, answers), changes));
  t.deepEqual(await other({ eth_chainId: () => '0x1' }), ['chain_id_mismatch']);
  const transaction = (changes: object) => other({ eth_getTransactionReceipt: () => receipt(changes) });
  t.deepEqual(await transaction({ status: '0x0' }), ['transaction_failed']);
  t.deepEqual(await transaction({ to: attacker }), ['transaction_mismatch']);
  t.deepEqual(await transaction({ to: null }), ['transaction_mismatch']);
  t.deepEqual(await transaction({ transactionHash: `0x${'01'.repeat(32)}` }), ['transaction_mismatch']);
  t.deepEqual(await transaction({ blockNumber: '0x65' }), ['block_mismatch']);
  t.deepEqual(await transaction({ status: undefined }), ['rpc_failed']);
  t.deepEqual(await other({ eth_getTransactionReceipt: () => null }), ['transaction_missing']);
  t.deepEqual(await other({ eth_blockNumber: () => numberToHex(110) }, { confirmations: 12 }), ['anchor_unconfirmed']);
  t.deepEqual(await other({ eth_blockNumber: () => numberToHex(99) }, { confirmations: 2 }), ['anchor_unconfirmed']);
  t.deepEqual(await other({ eth_call: () => `0x${'01'.repeat(32)}` }), ['root_mismatch']);
  t.deepEqual(await other({ eth_call: () => '0x' }), ['rpc_failed']);
});

test('row 7: an anchor without what it takes, or for a batch that no contract has', async (t) => {
  // Nothing is asked.
  const rpcUrl = 'http://127.0.0.1:9/';
  for (const name of ['anchorBatchId', 'merkleRoot', 'txHash', 'blockNumber']) {
    const { [name as 'txHash']: _, ...rest } = anchor;
    t.deepEqual(codes(await check(rpcUrl, { anchor: rest })), ['anchor_malformed'], name);
  }
  t.deepEqual(codes(await check(rpcUrl, { anchor: { ...anchor, merkleRoot: '00'.repeat(32) } })), ['anchor_malformed']);
  t.deepEqual(codes(await check(rpcUrl, { anchor: 'no JSON' })), ['json_malformed']);
  const unreachable = await check(rpcUrl);
  t.deepEqual(codes(unreachable), ['rpc_failed', 'rpc_failed', 'rpc_failed']);
  t.regex(unreachable.problems[0]?.reason ?? '', /^eth_chainId failed: fetch failed \(.+\)$/);
});

test('an endpoint that redirects, floods, hangs, fails or answers something else', async (t) => {
  const honestUrl = await node(t);
  const failures = async (rpcUrl: string, changes = {}) => {
    const report = await check(rpcUrl, { ...changes });
    t.deepEqual(codes(report), ['rpc_failed', 'rpc_failed', 'rpc_failed']);
    return report.problems[0]?.reason ?? '';
  };
  let followed = 0;
  const target = await listen(t, (_, response) => {
    followed += 1;
    response.end();
  });
  await failures(await listen(t, (_, response) => response.writeHead(307, { location: target }).end()));
  t.is(followed, 0);
  t.regex(await failures(await listen(t, (_, response) => response.writeHead(503).end())), /status 503/);
  const flood = await listen(t, (_, response) => response.end(Buffer.alloc(2 << 20, 0x20)));
  t.regex(await failures(flood), /more than 1048576 bytes/);
  t.regex(await failures(await listen(t, () => undefined), { timeoutMs: 100 }), /no answer in 100 ms/);
  t.regex(await failures(honestUrl, { timeoutMs: 50, fetch: () => new Promise(() => undefined) }), /no answer in 50 ms/);
  const says = (body: string) => async () => new Response(body);
  for (const body of ['', 'null', '[]', '{"jsonrpc":"2.0","id":9,"result":"0x89"}', '{"jsonrpc":"2.0","id":1,"error":{"code":-1}}']) {
    await failures(honestUrl, { fetch: says(body) });
  }
  t.regex(await failures(honestUrl, { fetch: () => Promise.reject(new Error('offline')) }), /offline/);
  const redirected = async () => Object.defineProperty(new Response('{}'), 'redirected', { value: true });
  t.regex(await failures(honestUrl, { fetch: redirected }), /redirects/);
});

test('arguments that are none', async (t) => {
  const refused = (changes: object, code: string) => t.throwsAsync(check('http://127.0.0.1:9/', changes), { code });
  await refused({ contract: 'x' }, 'ERR_INVALID_ARGUMENT');
  await refused({ contract: undefined }, 'ERR_INVALID_ARGUMENT');
  await refused({ chainId: 0 }, 'ERR_OUT_OF_RANGE');
  await refused({ chainId: undefined }, 'ERR_INVALID_ARGUMENT');
  await refused({ rpcUrl: 'ftp://x/' }, 'ERR_INVALID_ARGUMENT');
  await refused({ fetch: 1 }, 'ERR_INVALID_ARGUMENT');
  await refused({ confirmations: 0 }, 'ERR_OUT_OF_RANGE');
  await refused({ timeout: 1 }, 'ERR_INVALID_ARGUMENT');
});

test('an event leads to the root of its batch', (t) => {
  const canonicalJson = '{"decision":"approve","id":"evt_1"}';
  const digest = (...parts: string[]) => sha256Hex(Buffer.from(parts.join(''), 'hex'));
  const [a, b, c] = [sha256Hex(canonicalJson), sha256Hex('b'), sha256Hex('c')];
  const merkleRoot = digest(digest(a, b), c);
  const proof = { canonicalJson, batchId: 'batch-1', proof: [{ side: 'right', hash: b }, { side: 'right', hash: c }] };
  const known = { batchId: 'batch-1', merkleRoot };
  t.deepEqual(verifyEventProof(proof, known), { ok: true, problems: [], leafHash: a });
  t.true(verifyEventProof(proof, { ...known, leafIndex: 0, leafCount: 3 }).ok);
  const refused = (changes: object, options = {}) => codes(verifyEventProof({ ...proof, ...changes }, { ...known, ...options }));
  t.deepEqual(refused({}, { leafIndex: 1, leafCount: 3 }), ['side_mismatch']);
  t.deepEqual(refused({}, { leafIndex: 2, leafCount: 3 }), ['proof_length']);
  t.deepEqual(refused({ batchId: 'batch-2' }), ['batch_mismatch']);
  t.deepEqual(refused({ canonicalJson: '{"decision":"deny","id":"evt_1"}' }), ['root_mismatch']);
  t.deepEqual(refused({ canonicalJson: '{"decision":"deny","decision":"approve"}' }), ['json_malformed']);
  t.deepEqual(refused({ canonicalJson: '"text"' }), ['event_malformed']);
  t.deepEqual(refused({ note: 'x' }), ['unsigned_member']);
  t.throws(() => verifyEventProof(proof, { ...known, leafIndex: 0 }), { code: 'ERR_INVALID_ARGUMENT' });
});
