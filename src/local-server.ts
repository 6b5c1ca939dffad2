/*
 * What this package's servers have in common: they listen on the loopback interface unless told otherwise, and take requests
 * only under the host names that they are told, so that no web page can reach them under a name of its own. A request has
 * little time, and limited size.
 *
 * | status | when |
 * |---|---|
 * | 401 | a token is wanted, and another or none came |
 * | 408 | not all of the request came in time |
 * | 413, 415 | more than a request has; a compressed one |
 * | 421 | another `Host` |
 * | 500 | what the server is about failed; `onError` is told |
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkInteger, checkString, checkStrings, invalidArgument, show } from './args.js';

/** Options that all of them have. */
export interface ServingOptions {
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
  /** Called with why a request was answered with status 500. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Their names, for checks of options. */
export const SERVING_NAMES = ['host', 'port', 'hosts', 'token', 'timeoutMs', 'onError'] as const satisfies readonly (keyof ServingOptions)[];

/** A server that listens. */
export interface LocalServer extends AsyncDisposable {
  /** `http://127.0.0.1:7480` */
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, and resolves when those that came are answered, or after five seconds. */
  close(): Promise<void>;
}

/** What is answered. */
export interface LocalAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Ends a request with a status and a line. */
export class Refused extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

const MAX_CONNECTIONS = 256;
const DEFAULT_TIMEOUT = 10_000;
const CLOSING_MS = 5_000;

export type Serving = ReturnType<typeof checkServing>;

/** @throws TypeError `ERR_INVALID_ARGUMENT`, RangeError `ERR_OUT_OF_RANGE` */
export function checkServing(given: { readonly [Name in keyof ServingOptions]?: unknown }) {
  const token = given.token === undefined ? undefined : checkString(given.token, 'token');
  if (token !== undefined && !/^[\x21-\x7e]{16,1000}$/.test(token)) {
    throw invalidArgument('token must have 16 to 1000 characters of ASCII, and no spaces');
  }
  if (given.onError !== undefined && typeof given.onError !== 'function') throw invalidArgument(`onError must be a function, found ${show(given.onError)}`);
  return {
    host: checkString(given.host ?? '127.0.0.1', 'host'),
    port: checkInteger(given.port ?? 0, 'port', 0, 65_535),
    hosts: checkStrings(given.hosts ?? [], 'hosts').map((host) => host.toLowerCase()),
    tokenDigest: token === undefined ? undefined : digestOf(token),
    timeoutMs: checkInteger(given.timeoutMs ?? DEFAULT_TIMEOUT, 'timeoutMs', 1, 600_000),
    onError: listener(given.onError as ServingOptions['onError']),
  };
}

/** What it throws changes no answer. */
function listener(onError: ServingOptions['onError']): (error: unknown) => void {
  return (error) => {
    try {
      onError?.(error);
    } catch {
      // It was told.
    }
  };
}

/**
 * Listens. `answer` is asked of each request whose host and token are right; what it throws is an answer if it is
 * {@link Refused}, and status 500 with `failed` as text otherwise.
 *
 * @throws errors of the system, such as `EADDRINUSE`
 */
export async function serveLocally(serving: Serving, failed: string, answer: (request: IncomingMessage) => Promise<LocalAnswer>): Promise<LocalServer> {
  const { host, port, timeoutMs } = serving;
  const limits = { headersTimeout: timeoutMs, requestTimeout: timeoutMs, connectionsCheckingInterval: Math.min(timeoutMs, 1000) };
  const hosts = new Set(serving.hosts);
  const server = createServer({ ...limits, keepAliveTimeout: 5_000, maxHeaderSize: 16 << 10 }, (request, response) => {
    void handle(serving, hosts, failed, answer, request, response);
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

async function handle(
  serving: Serving,
  hosts: ReadonlySet<string>,
  failed: string,
  answer: (request: IncomingMessage) => Promise<LocalAnswer>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Whoever goes away is not answered.
  response.on('error', () => undefined);
  try {
    checkSender(serving, hosts, request);
    send(response, await answer(request));
  } catch (error) {
    if (response.destroyed) return;
    const refused = error instanceof Refused ? error : new Refused(500, failed);
    if (refused !== error) serving.onError(error);
    // What is left of the request is not waited for.
    const rest = request.complete ? {} : { connection: 'close' };
    send(response, { status: refused.status, contentType: 'text/plain; charset=utf-8', body: `${refused.message}\n`, headers: { ...refused.headers, ...rest } });
  }
}

function checkSender({ tokenDigest }: Serving, hosts: ReadonlySet<string>, { headers }: IncomingMessage): void {
  if (!hosts.has((headers.host ?? '').toLowerCase())) throw new Refused(421, 'this is not the host of that name');
  if (tokenDigest === undefined) return;
  const [, token = ''] = /^Bearer ([\x21-\x7e]+)$/i.exec(headers.authorization ?? '') ?? [];
  if (!timingSafeEqual(digestOf(token), tokenDigest)) throw new Refused(401, 'a token is wanted', { 'www-authenticate': 'Bearer' });
}

function send(response: ServerResponse, { status, contentType, body, headers = {} }: LocalAnswer): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { 'content-type': contentType, 'content-length': length, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...headers });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/**
 * The body of a request as text, of at most so many bytes. Read by its events: leaving a loop over it would cut the
 * connection before there is an answer.
 */
export function bodyOf(request: IncomingMessage, maxBytes: number): Promise<string> {
  const tooLarge = () => new Refused(413, `a request has at most ${maxBytes} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  if (request.headers['content-encoding'] !== undefined) throw new Refused(415, 'requests are not compressed');
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    request.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length <= maxBytes) pieces.push(piece);
      else reject(tooLarge());
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
