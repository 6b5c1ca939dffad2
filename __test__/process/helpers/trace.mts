// What a program asked of the system, as strace saw it, and what of it must come before what.
//
// A call is one line of `strace -f -y`, or two when another thread's call came in between:
//
//   4711  pwrite64(18</x/ledger.ndjson>, "{\"seq\":0"..., 597, 0 <unfinished ...>
//   4711  <... pwrite64 resumed>) = 597
//
// strace stops the thread at the beginning and at the end of each call. So the order of the lines is an order in which
// it happened: a call whose line is below the last line of another one began after that one had ended.

/** The options that make a trace which {@link parseTrace} reads. */
export function traceTo(file: string, calls: readonly string[]): string[] {
  return ['strace', '-f', '-y', '-qq', '--seccomp-bpf', '-s', '48', '-o', file, '-e', `trace=${calls.join(',')}`];
}

/** One call. */
export interface Call {
  readonly name: string;
  /** Its arguments, as strace prints them. */
  readonly text: string;
  /** The file of its first argument, if that is a descriptor; or of its first text. */
  readonly path: string;
  /** What it returned, such as `597` or `-1 EIO (Input/output error)`. */
  readonly result: string;
  /** Its first and last line. */
  readonly begin: number;
  readonly end: number;
}

/** The calls of a trace, in the order in which they ended. */
export function parseTrace(text: string): Call[] {
  const calls: Call[] = [];
  const unfinished = new Map<string, { readonly begin: number; readonly start: string }>();
  for (const [line, content] of text.split('\n').entries()) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(content) ?? [];
    const started = /^(.*) <unfinished \.\.\.>$/.exec(rest);
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    if (started !== null) {
      unfinished.set(thread, { begin: line, start: started[1] ?? '' });
    } else if (resumed !== null) {
      const { begin, start } = unfinished.get(thread) ?? { begin: line, start: '' };
      unfinished.delete(thread);
      calls.push(...callOf(start + (resumed[1] ?? ''), begin, line));
    } else {
      calls.push(...callOf(rest, line, line));
    }
  }
  return calls;
}

function callOf(content: string, begin: number, end: number): Call[] {
  const [, name, text = '', result = ''] = /^(\w+)\((.*)\) += (.*)$/.exec(content) ?? [];
  if (name === undefined) return [];
  const path = /^\d+<([^>]*)>/.exec(text)?.[1] ?? /"([^"]*)"/.exec(text)?.[1] ?? '';
  return [{ name, text, path, result, begin, end }];
}

/** The bytes that a `pwrite64` wrote, by first and last offset; none if it failed. */
export function written({ name, text, result }: Call): { readonly from: number; readonly to: number } | undefined {
  const [, offset] = /, (\d+)$/.exec(text) ?? [];
  if (name !== 'pwrite64' || offset === undefined || !/^\d+/.test(result)) return undefined;
  return { from: Number(offset), to: Number(offset) + Number.parseInt(result, 10) };
}

/** Whether a call put a file on stable storage. */
export function isSync({ name, result }: Call): boolean {
  return (name === 'fdatasync' || name === 'fsync') && result === '0';
}

/** What was written to a file: its lines, with the call. */
export function linesWritten(calls: readonly Call[], path: string): { readonly line: string; readonly call: Call }[] {
  return calls
    .filter((call) => call.name === 'write' && call.path === path)
    .map((call) => ({ line: /"([^"]*)\\n"/.exec(call.text)?.[1] ?? '', call }));
}

/**
 * Acknowledgements that came too early. Each is a line `<from> <to>` written to `markerPath`; it needs a sync of the
 * ledger that ended before it and began after every one of those bytes was written.
 */
export function tooEarly(calls: readonly Call[], ledgerPath: string, markerPath: string): string[] {
  const ofLedger = calls.filter(({ path }) => path === ledgerPath);
  return linesWritten(calls, markerPath)
    .filter(({ line, call }) => {
      const [, from, to] = /^(\d+) (\d+)$/.exec(line) ?? [];
      if (from === undefined || to === undefined) return false;
      const syncs = ofLedger.filter((sync) => isSync(sync) && sync.end < call.begin);
      return !syncs.some((sync) => covered(ofLedger, sync, Number(from), Number(to)));
    })
    .map(({ line }) => line);
}

/** Whether all bytes of a range were written when a sync began. */
function covered(calls: readonly Call[], sync: Call, from: number, to: number): boolean {
  const ranges = calls
    .filter((call) => call.end < sync.begin)
    .flatMap((call) => written(call) ?? [])
    .toSorted((a, b) => a.from - b.from);
  let reached = from;
  for (const range of ranges) if (range.from <= reached) reached = Math.max(reached, range.to);
  return reached >= to;
}
