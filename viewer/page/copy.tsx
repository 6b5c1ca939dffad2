/*
 * A value that one copies. Where the clipboard is not to be had nothing happens: the text can be selected.
 */

import { createContext } from 'preact';
import { useContext, useState } from 'preact/hooks';
import { Symbol } from './symbols.js';

/** Whether there is a script that a button could call: not in the static report. */
export const CanCopy = createContext(true);

/** How long a copy is acknowledged, in milliseconds. */
const ACKNOWLEDGED = 1500;

export function CopyButton({ text, what = 'Copy' }: { readonly text: string; readonly what?: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      return;
    }
    setCopied(true);
    setTimeout(() => setCopied(false), ACKNOWLEDGED);
  };
  return (
    <button type="button" class="copy" onClick={() => void copy()} title={what} aria-label={isCopied ? 'Copied' : what}>
      <Symbol name={isCopied ? 'check' : 'copy'} />
    </button>
  );
}

/** A text of one line, such as a hash, and its button. */
export function Copyable({ text }: { readonly text: string }) {
  const canCopy = useContext(CanCopy);
  if (text === '') return null;
  return (
    <span class="copyable">
      <span class="mono">{text}</span>
      {canCopy && <CopyButton text={text} />}
    </span>
  );
}
