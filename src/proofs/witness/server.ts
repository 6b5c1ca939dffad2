/*
 * A witness over HTTP: `POST /add-checkpoint` and nothing else (c2sp.org/tlog-witness).
 *
 * It listens on the loopback interface unless told otherwise, and takes requests only under the host names that it is told,
 * so that no web page can reach it under a name of its own. A request has at most 1 MiB, and little time.
 *
 * | status | when, besides those of the protocol |
 * |---|---|
 * | 401 | a token is wanted, and another or none came |
 * | 404, 405 | another path, another method |
 * | 408 | not all of the request came in time |
 * | 413, 415 | more than a request has; a compressed one |
 * | 421 | another `Host` |
 * | 500 | what was cosigned cannot be read or kept |
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkInteger, checkOptions, checkString, checkStrings, invalidArgument, show } from '../../args.js';
import { Witness, type WitnessAnswer } from './witness.js';

/** Options of {@link serveWitness}. */
export interface ServeWitnessOptions {
  /** What answers. It stays open when the server closes. */
  readonly witness: Witness;
  /** The address to listen on; default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Default 0, any that is free. */
  readonly port?: number | undefined;
  /** Values of `Host` that are taken, on top of address and port that it listens on, and `localhost`. */
  readonly hosts?: readonly string[] | undefined;
  /** Wanted as `Authorization: Bearer` of each request, if given. At least 16 characters of ASCII without spaces. */
  readonly token?: string | undefined;
  /** How long a request may take to come, in milliseconds; default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Called with each answer of the witness before it is sent; for records of what happens. */
  readonly onAnswer?: ((answer: WitnessAnswer) => void) | undefined;
  /** Called with why a request was answered with status 500, and with what `onAnswer` throws. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A server that listens. */
export interface WitnessServer extends AsyncDisposable {
  /** What policies and `urls` name: `http://127.0.0.1:7480`. */
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, and resolves when those that came are answered, or after five seconds. */
  close(): Promise<void>;
}

const MAX_BODY = 1 << 20;
const MAX_CONNECTIONS = 256;
const DEFAULT_TIMEOUT = 10_000;
const CLOSING_MS = 5_000;
const PATH = '/add-checkpoint';

/** Ends a request with a status and a line. */
class Refused extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/**
 * Listens for requests to a witness.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT`, RangeError `ERR_OUT_OF_RANGE`; errors of the system, such as `EADDRINUSE`
 */
export async function serveWitness(options: ServeWitnessOptions): Promise<WitnessServer> {
  const serving = checkServing(options);
  const { host, port, timeoutMs } = serving;
  const limits = { headersTimeout: timeoutMs, requestTimeout: timeoutMs, connectionsCheckingInterval: Math.min(timeoutMs, 1000) };
  const hosts = new Set(serving.hosts);
  const server = createServer({ ...limits, keepAliveTimeout: 5_000, maxHeaderSize: 16 << 10 }, (request, response) => {
    void handle(serving, hosts, request, response);
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = server.address() as AddressInfo;
  const name = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  for (const own of [`${name}:${bound.port}`, `localhost:${bound.port}`]) hosts.add(own);
  const close = () => closed(server);
  return { url: `http://${name}:${bound.port}`, port: bound.port, close, [Symbol.asyncDispose]: close };
}

type Serving = ReturnType<typeof checkServing>;

function checkServing(options: ServeWitnessOptions) {
  const names = ['witness', 'host', 'port', 'hosts', 'token', 'timeoutMs', 'onAnswer', 'onError'] as const;
  const given = checkOptions(options, names, 'serveWitness');
  if (!(given.witness instanceof Witness)) throw invalidArgument(`witness must be a Witness, found ${show(given.witness)}`);
  const token = given.token === undefined ? undefined : checkString(given.token, 'token');
  if (token !== undefined && !/^[\x21-\x7e]{16,1000}$/.test(token)) {
    throw invalidArgument('token must have 16 to 1000 characters of ASCII, and no spaces');
  }
  for (const name of ['onAnswer', 'onError'] as const) {
    if (given[name] !== undefined && typeof given[name] !== 'function') throw invalidArgument(`${name} must be a function, found ${show(given[name])}`);
  }
  return {
    witness: given.witness,
    host: checkString(given.host ?? '127.0.0.1', 'host'),
    port: checkInteger(given.port ?? 0, 'port', 0, 65_535),
    hosts: checkStrings(given.hosts ?? [], 'hosts').map((host) => host.toLowerCase()),
    tokenDigest: token === undefined ? undefined : digestOf(token),
    timeoutMs: checkInteger(given.timeoutMs ?? DEFAULT_TIMEOUT, 'timeoutMs', 1, 600_000),
    onAnswer: given.onAnswer as ServeWitnessOptions['onAnswer'],
    onError: given.onError as ServeWitnessOptions['onError'],
  };
}

async function handle(serving: Serving, hosts: ReadonlySet<string>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Whoever goes away is not answered.
  response.on('error', () => undefined);
  try {
    checkHead(serving, hosts, request);
    const answer = await serving.witness.addCheckpoint(await bodyOf(request));
    tell(serving, answer);
    send(response, answer.status, answer.contentType, answer.body);
  } catch (error) {
    if (response.destroyed) return;
    const refused = error instanceof Refused ? error : new Refused(500, 'what was cosigned cannot be read or kept');
    if (refused !== error) serving.onError?.(error);
    // What is left of the request is not waited for.
    const rest = request.complete ? {} : { connection: 'close' };
    send(response, refused.status, 'text/plain; charset=utf-8', `${refused.message}\n`, { ...refused.headers, ...rest });
  }
}

/** What a listener throws changes no answer: the checkpoint was cosigned. */
function tell({ onAnswer, onError }: Serving, answer: WitnessAnswer): void {
  try {
    onAnswer?.(answer);
  } catch (error) {
    onError?.(error);
  }
}

function send(response: ServerResponse, status: number, contentType: string, body: string, headers: Readonly<Record<string, string>> = {}): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { 'content-type': contentType, 'content-length': length, 'cache-control': 'no-store', ...headers });
  response.end(body);
}

function checkHead({ tokenDigest }: Serving, hosts: ReadonlySet<string>, request: IncomingMessage): void {
  const { headers, method, url } = request;
  if (!hosts.has((headers.host ?? '').toLowerCase())) throw new Refused(421, 'this is not the host of that name');
  if (tokenDigest !== undefined) {
    const [, token = ''] = /^Bearer ([\x21-\x7e]+)$/i.exec(headers.authorization ?? '') ?? [];
    if (!timingSafeEqual(digestOf(token), tokenDigest)) throw new Refused(401, 'a token is wanted', { 'www-authenticate': 'Bearer' });
  }
  if (url !== PATH) throw new Refused(404, `there is ${PATH} and nothing else`);
  if (method !== 'POST') throw new Refused(405, 'checkpoints come by POST', { allow: 'POST' });
  if (Number(headers['content-length'] ?? 0) > MAX_BODY) throw new Refused(413, `a request has at most ${MAX_BODY} bytes`);
  if (headers['content-encoding'] !== undefined) throw new Refused(415, 'requests are not compressed');
}

/** Read by its events: leaving a loop over it would cut the connection before there is an answer. */
function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    request.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length <= MAX_BODY) pieces.push(piece);
      else reject(new Refused(413, `a request has at most ${MAX_BODY} bytes`));
    });
    request.on('end', () => {
      try {
        resolve(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(pieces)));
      } catch {
        reject(new Refused(400, 'the request is not UTF-8'));
      }
    });
    request.on('error', reject);
    request.on('close', () => reject(new Refused(400, 'the request has no end')));
  });
}

/** Of one length, whatever was sent. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), CLOSING_MS);
    server.close(() => {
      clearTimeout(late);
      resolve();
    });
    server.closeIdleConnections();
  });
}
