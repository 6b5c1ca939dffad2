/*
 * Anchors: asked of a chain by JSON-RPC, through an endpoint of the caller's. What is asked, and what the answers show, is decided
 * by the native side; here is the way to the endpoint: one POST a question, no redirects, a limit of time and of size.
 */

import { checkInteger, checkOptions, checkString, invalidArgument, show } from '../../args.js';
import { textOfThrown, wrap } from '../../errors.js';
import { native } from '../../native.js';
import type { AnchorReport } from './report.js';
import { verifiedText } from './values.js';

/** Arguments of {@link verifyAnchorOnchain}. */
export interface VerifyAnchorOnchainFields {
  /** The anchor epoch, as the service hands it out: an object, or JSON text. */
  readonly anchor: object | string;
  /** An endpoint that speaks JSON-RPC for the chain: `http:` or `https:`. */
  readonly rpcUrl: string | URL;
  /** Address of the contract that anchors: 40 hex digits behind `0x`. Not taken from the anchor. */
  readonly contract: string;
  /** Number of the chain, such as 137 for Polygon. Not taken from the anchor. */
  readonly chainId: number;
  /** Blocks from that of the transaction to the last one, both counted. From 1, the default: it is in a block. */
  readonly confirmations?: number | undefined;
  /** What sends the requests. Default the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Milliseconds for each answer: 1 to 600 000, default 15 000. */
  readonly timeoutMs?: number | undefined;
}

/** Most bytes of an answer. */
const MAX_ANSWER = 1024 * 1024;
const NAMES = ['anchor', 'rpcUrl', 'contract', 'chainId', 'confirmations', 'fetch', 'timeoutMs'] as const;

/**
 * Checks that the root of an anchor stands in the contract, for its batch, and that its transaction was sent to the contract,
 * went through, and is in the block it should be in. An endpoint that does not answer is a problem, `rpc_failed`.
 *
 * Rejects with TypeError `ERR_INVALID_ARGUMENT`; RangeError `ERR_OUT_OF_RANGE`.
 */
export async function verifyAnchorOnchain(fields: VerifyAnchorOnchainFields): Promise<AnchorReport> {
  const given = checkOptions(fields, NAMES, 'verifyAnchorOnchain');
  const url = checkUrl(given.rpcUrl);
  const confirmations = given.confirmations === undefined ? 1 : checkInteger(given.confirmations, 'confirmations', 1);
  const pinned = {
    contract: checkString(given.contract, 'contract'),
    chainId: checkInteger(given.chainId, 'chainId', 1),
    confirmations,
  };
  const timeout = given.timeoutMs === undefined ? 15_000 : checkInteger(given.timeoutMs, 'timeoutMs', 1, 600_000);
  const send = given.fetch === undefined ? globalThis.fetch : given.fetch;
  if (typeof send !== 'function') throw invalidArgument(`fetch must be a function, found ${show(send)}`);
  const anchor = verifiedText(given.anchor, 'anchor');
  if (typeof anchor !== 'string') {
    return { ok: false, problems: [anchor], batchId: null, merkleRoot: null, confirmations: null };
  }
  const asked = JSON.parse(wrap(() => native.attestoAnchorRequests(anchor, pinned))) as Asked;
  if ('report' in asked) return asked.report;
  const ask = (body: string) => answerOf(send as typeof fetch, url, body, timeout);
  const answers = await Promise.all(asked.requests.map(ask));
  return JSON.parse(wrap(() => native.attestoVerifyAnchor(anchor, pinned, answers))) as AnchorReport;
}

type Asked = { readonly requests: readonly string[] } | { readonly report: AnchorReport };
type Answer = { readonly body: string } | { readonly failure: string };

async function answerOf(send: typeof fetch, url: URL, body: string, timeout: number): Promise<Answer> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  // A `fetch` of the caller's may not look at the signal.
  const late = new Promise<Answer>((resolve) => {
    timer = setTimeout(() => {
      resolve({ failure: `there is no answer in ${timeout} ms` });
      abort.abort();
    }, timeout);
  });
  const answer = exchange(send, url, body, abort.signal).catch((error: unknown) => ({ failure: textWithCause(error) }));
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

async function exchange(send: typeof fetch, url: URL, body: string, signal: AbortSignal): Promise<Answer> {
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const response = await send(url, { method: 'POST', headers, body, redirect: 'error', signal });
  if (response.redirected) return { failure: 'the endpoint redirects' };
  if (!response.ok) return { failure: `the endpoint answers with status ${response.status}` };
  return { body: await bodyOf(response) };
}

/** What `fetch` throws says why only in its cause. */
function textWithCause(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? ` (${textOfThrown(thrown.cause)})` : '';
  return `${textOfThrown(thrown)}${cause}`;
}

/** The body, which is UTF-8. Reading ends where the limit is passed. */
async function bodyOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > MAX_ANSWER) throw new Error(`the answer has more than ${MAX_ANSWER} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
}

function checkUrl(value: unknown): URL {
  const text = value instanceof URL ? value.href : checkString(value, 'rpcUrl', 'a URL');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw invalidArgument(`rpcUrl must be a URL with http: or https:, found ${show(text)}`);
  }
  return url;
}
