// Where the parts of a JSON text stand, found without judging them: mutations are made in the text, since no value in
// JavaScript has a key twice or a number spelled 1e0.

/** A part of a text: its first character, and the one behind its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A member of an object. */
export interface Member {
  readonly key: Span;
  readonly value: Span;
  /** Which object it is of. */
  readonly object: number;
}

/** The members of all objects of a text that JSON.parse takes; of any other, none. */
export function membersOf(text: string): Member[] {
  if (!isJson(text)) return [];
  const members: Member[] = [];
  const open: { readonly object: number; key: Span | undefined; valueStart: number }[] = [];
  let objects = 0;
  const close = (end: number) => {
    const inner = open.at(-1);
    if (inner?.key !== undefined) {
      members.push({ key: inner.key, value: { start: inner.valueStart, end }, object: inner.object });
      inner.key = undefined;
    }
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      const inner = open.at(-1);
      if (inner !== undefined && inner.object >= 0 && inner.key === undefined) {
        inner.key = { start: at, end };
        inner.valueStart = text.indexOf(':', end) + 1;
        at = inner.valueStart - 1;
      } else {
        at = end - 1;
      }
    } else if (character === '{' || character === '[') {
      open.push({ object: character === '{' ? objects++ : -1, key: undefined, valueStart: 0 });
    } else if (character === '}' || character === ']') {
      close(at);
      open.pop();
    } else if (character === ',') {
      close(at);
    }
  }
  return members;
}

/** Strings that are values, and numbers. */
export function scalarsOf(text: string, kind: 'string' | 'number'): Span[] {
  const spans: Span[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '"') {
      const end = endOfString(text, at);
      if (kind === 'string' && !/^\s*:/.test(text.slice(end, end + 8))) spans.push({ start: at, end });
      at = end - 1;
    } else if (/[-\d]/.test(text[at] ?? '')) {
      const end = at + (/^[-+.\deE]+/.exec(text.slice(at, at + 400))?.[0].length ?? 1);
      if (kind === 'number') spans.push({ start: at, end });
      at = end - 1;
    }
  }
  return spans;
}

/** A text with a part replaced. */
export function replaced(text: string, { start, end }: Span, by: string): string {
  return text.slice(0, start) + by + text.slice(end);
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at + 1, text.length);
}
