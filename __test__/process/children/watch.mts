// Looks at every file of a folder, again and again, until one named `stop` is there; tells the modes that it saw.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { input, say } from '../helpers/talk.mts';

const { folder } = input as { readonly folder: string };
const modes = new Map<string, number>();

say('watching');
while (!existsSync(join(folder, 'stop'))) {
  for (const name of readdirSync(folder)) {
    const mode = modeOf(join(folder, name));
    const seen = `${name.replace(/\d+|[0-9a-f]{16}/g, 'N')} ${mode}`;
    if (mode !== undefined) modes.set(seen, (modes.get(seen) ?? 0) + 1);
  }
}
say(Object.fromEntries(modes));

function modeOf(path: string): string | undefined {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  return mode === undefined ? undefined : (mode & 0o7777).toString(8);
}
