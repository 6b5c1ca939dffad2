/*
 * Asking before something is removed. The question and its answer are on standard error: standard output is for data.
 */

import { type Context, Interrupted, UsageError } from './context.js';
import { visible } from './safe-text.js';

/**
 * Whether someone says yes. `yes` is the option that says so beforehand; where nobody can be asked there must be it.
 *
 * @throws {@link UsageError}, {@link Interrupted}
 */
export async function isAgreed({ isInteractive, signal }: Context, yes: boolean, question: string): Promise<boolean> {
  if (yes) return true;
  if (!isInteractive) throw new UsageError('nothing was changed: --yes is needed where nobody can be asked');
  const { confirm, isCancel } = await import('./prompts.js');
  const { stdin: input, stderr: output } = process;
  const answer = await confirm({ message: visible(question), initialValue: false, input, output, signal });
  signal.throwIfAborted();
  // While it asks, Ctrl-C is a key like others and no signal.
  if (isCancel(answer)) throw new Interrupted();
  return answer;
}
