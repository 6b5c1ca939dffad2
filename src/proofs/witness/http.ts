/*
 * A request to a witness over HTTP: one POST, no redirect, an answer of limited length within a limited time.
 */

/** Most bytes of an answer: evidence has two notes of 1 MiB at most. */
const MAX_ANSWER = (2 << 20) + (64 << 10);

/** What `fetch` is called with. */
export type Fetch = (url: string, options: RequestInit) => Promise<Response>;

/** An answer that was read to its end. */
export interface HttpAnswer {
  readonly status: number;
  /** Without parameters, in lower case. */
  readonly contentType: string;
  readonly body: string;
}

/** An answer that is none. */
export class BadAnswer extends Error {
  override readonly name = 'BadAnswer';
}

/** Asks. Rejects with what `fetch` or the signal rejects with, and with a {@link BadAnswer}. */
export async function post(fetch: Fetch, url: string, body: string, token: string | undefined, signal: AbortSignal): Promise<HttpAnswer> {
  const headers: Record<string, string> = { 'content-type': 'text/plain; charset=utf-8', 'accept-encoding': 'identity' };
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  const response = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal });
  const contentType = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
  return { status: response.status, contentType: contentType.trim().toLowerCase(), body: await textOf(response) };
}

async function textOf(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += piece.length;
    // Leaving the loop cancels what is left.
    if (length > MAX_ANSWER) throw new BadAnswer(`the answer has more than ${MAX_ANSWER} bytes`);
    pieces.push(piece);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(pieces));
  } catch {
    throw new BadAnswer('the answer is not UTF-8');
  }
}
