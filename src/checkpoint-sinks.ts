/*
 * Where checkpoints are published. A sink has ten seconds, and has failed if it says nothing by then.
 */

import { checkOptions, checkString, invalidArgument, type PathLike, show } from './args.js';
import { builtin } from './builtin.js';
import { textOfThrown } from './errors.js';
import { writeOutput } from './output-file.js';
import { toPath } from './paths.js';

/**
 * Where a checkpoint goes, as text:
 *
 * - `{file}`: replaces a file, 0600, synced; on another disk, or in a folder that another program takes it from
 * - `{url, headers?}`: `POST`, `text/plain; charset=utf-8`; an answer of 200 to 299 is success, a redirection is none
 * - `{command}`: a program with its arguments, without a shell; gets it on its standard input, exit status 0 is success
 * - a function, which may return a promise
 */
export type CheckpointSink =
  | { readonly file: PathLike }
  | { readonly url: string | URL; readonly headers?: Readonly<Record<string, string>> | undefined }
  | { readonly command: readonly string[] }
  | ((checkpoint: string) => unknown);

/** Publishes a checkpoint, and rejects if that failed. */
export type Publish = (checkpoint: string) => Promise<void>;

/** Milliseconds that a sink may take. */
export const SINK_TIMEOUT_MS = 10_000;

/** The sink that an option describes; `name` is that of the option. @throws TypeError `ERR_INVALID_ARGUMENT` */
export function publishTo(sink: unknown, name: string): Publish {
  if (typeof sink === 'function') return async (checkpoint) => inTime(name, async () => sink(checkpoint));
  const given = checkOptions(sink, ['file', 'url', 'headers', 'command'], name);
  const kinds = (['file', 'url', 'command'] as const).filter((kind) => given[kind] !== undefined);
  if (kinds.length !== 1) throw invalidArgument(`${name} has one of file, url and command, or is a function, found ${show(sink)}`);
  if (given.headers !== undefined && given.url === undefined) throw invalidArgument(`${name} has headers, and no url`);
  if (given.file !== undefined) return toFile(toPath(given.file as PathLike, `${name}.file`));
  if (given.url !== undefined) return toUrl(urlOf(given.url, `${name}.url`), headersOf(given.headers, `${name}.headers`));
  return toCommand(wordsOf(given.command, `${name}.command`));
}

function toFile(path: string): Publish {
  return async (checkpoint) => writeOutput(path, async (file) => file.writeFile(checkpoint));
}

function toUrl(url: URL, headers: Readonly<Record<string, string>>): Publish {
  return async (checkpoint) => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' },
      body: checkpoint,
      redirect: 'error',
      signal: AbortSignal.timeout(SINK_TIMEOUT_MS),
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`${url.origin} answered ${answer.status}`);
  };
}

function toCommand([program = '', ...rest]: readonly string[]): Publish {
  return (checkpoint) =>
    new Promise((resolve, reject) => {
      const child = builtin.processes.spawn(program, rest, { stdio: ['pipe', 'ignore', 'ignore'], timeout: SINK_TIMEOUT_MS });
      child.on('error', reject);
      child.on('close', (code, signal) => {
        if (code === 0) resolve();
        else reject(new Error(`${program} ended with ${code ?? signal}`));
      });
      // A program that does not read it is judged by its exit status.
      child.stdin.on('error', () => undefined);
      child.stdin.end(checkpoint);
    });
}

/** A function of the caller's may never answer. */
async function inTime(name: string, work: () => Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = () => reject(new Error(`${name} has not answered in ${SINK_TIMEOUT_MS} ms`));
    timer = setTimeout(fail, SINK_TIMEOUT_MS);
  });
  try {
    await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function urlOf(value: unknown, name: string): URL {
  const text = value instanceof URL ? value.href : checkString(value, name);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw invalidArgument(`${name} must be an http: or https: URL, found ${show(value)}`);
  }
  return url;
}

function headersOf(value: unknown, name: string): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null) throw invalidArgument(`${name} must be an object, found ${show(value)}`);
  try {
    return Object.fromEntries(new Headers(value as Record<string, string>));
  } catch (error) {
    throw invalidArgument(`${name}: ${textOfThrown(error)}`);
  }
}

function wordsOf(value: unknown, name: string): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw invalidArgument(`${name} must be an array of a program and its arguments, found ${show(value)}`);
  }
  return Array.from(value as unknown[], (word) => checkString(word, `a word of ${name}`));
}
