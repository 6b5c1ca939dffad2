/*
 * What the command line ends with. The number is a promise: scripts branch on it.
 */

/** Exit codes of every command. */
export const ExitCode = {
  /** Done; of a verification: verified or intact, and all that was asked for was checked. */
  ok: 0,
  /** A ledger is proven broken, or what is said about one does not hold. Nothing else ever ends with 1. */
  broken: 1,
  /** Could not be done or checked: usage, unreadable or malformed input, a defect of this program. */
  failed: 2,
  /** Nothing is broken, but it is less than was asked for: no pinned signer, no compared head, no events, more than events. */
  limited: 3,
  /** Ended by Ctrl-C, as shells count it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The code of several results together: a proof of a break outweighs a failure, and that a limit. */
export function worstOf(codes: readonly ExitCode[]): ExitCode {
  const order: readonly ExitCode[] = [ExitCode.interrupted, ExitCode.broken, ExitCode.failed, ExitCode.limited];
  return order.find((code) => codes.includes(code)) ?? ExitCode.ok;
}
