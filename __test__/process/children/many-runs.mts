// The command line, run many times in one process: what is printed is what a process for each would print, for a tenth of the
// time. It says the end of each run.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectRoot } from '../../helpers/project.mts';
import { type CliEnd, isPlainVariable } from '../helpers/cli.mts';
import { input, say } from '../helpers/talk.mts';

/** One run. */
export interface Call {
  readonly words: readonly string[];
  readonly cwd: string;
}

const { run } = createRequire(import.meta.url)(join(projectRoot, 'dist', 'cli', 'run.js')) as { run(): Promise<number> };

for (const name of Object.keys(process.env)) if (!isPlainVariable(name)) delete process.env[name];
// Each run listens.
for (const emitter of [process, process.stdout, process.stderr]) emitter.setMaxListeners(0);
for (const call of input as readonly Call[]) say(await runOnce(call));

async function runOnce({ words, cwd }: Call): Promise<CliEnd> {
  process.chdir(cwd);
  process.argv.splice(2, process.argv.length, ...words);
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)];
  try {
    return { code: await run(), signal: null, stdout: stdout.text(), stderr: stderr.text() };
  } catch (error) {
    return { code: null, signal: null, stdout: stdout.text(), stderr: `a defect of this program: ${(error as Error).stack}` };
  } finally {
    stdout.end();
    stderr.end();
  }
}

/** Keeps what is written to a stream, and writes none of it. */
function capture(stream: NodeJS.WriteStream): { text(): string; end(): void } {
  const pieces: string[] = [];
  const own = stream.write.bind(stream);
  stream.write = (piece: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    pieces.push(typeof piece === 'string' ? piece : Buffer.from(piece).toString());
    const written = rest.find((value) => typeof value === 'function') as (() => void) | undefined;
    if (written !== undefined) queueMicrotask(written);
    return true;
  };
  return {
    text: () => pieces.join(''),
    end: () => {
      stream.write = own;
    },
  };
}
