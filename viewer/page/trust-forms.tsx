/*
 * Where a user says what he knows from elsewhere: keys and a head. Taken from nobody else.
 */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { parseHeadText } from '../../src/cli/head-text.js';
import { visible } from '../../src/cli/safe-text.js';
import { grouped } from '../../src/cli/words.js';
import type { Head, ReportSigner } from '../../src/report.js';
import { type Actions, failureOf } from './actions.js';
import type { Key } from './state.js';
import { Symbol } from './symbols.js';

interface KeyProps {
  readonly actions: Actions;
  readonly keys: readonly Key[];
  readonly signers: readonly ReportSigner[];
}

/** A key is read and shown by its fingerprint before it counts. */
export function KeyForm({ actions, keys, signers }: KeyProps) {
  const [text, setText] = useState('');
  const [read, setRead] = useState<Key | null>(null);
  const [failure, setFailure] = useState('');
  const change = (value: string) => {
    setText(value);
    setRead(null);
    setFailure('');
    if (value.trim() === '') return;
    actions.readKey(value.trim()).then(setRead, (error: unknown) => setFailure(failureOf(error).message));
  };
  const add = (event: Event) => {
    event.preventDefault();
    if (read === null) return;
    actions.addKey(read);
    change('');
  };
  return (
    <div class="trust">
      {keys.map((key) => (
        <p key={key.publicKey} class="trusted">
          <Symbol name="check" />
          <span class="mono">{key.fingerprint}</span>
          <span class="soft">{key.source === '' ? 'entered by you' : `from ${visible(key.source)}`}</span>
          <button type="button" class="quiet" onClick={() => actions.removeKey(key.publicKey)}>
            Remove
          </button>
        </p>
      ))}
      <More name={keys.length === 0 ? null : 'Name another key'}>
        <form onSubmit={add}>
          <label for="key-text">Public key of the signer: paste it, or drop its file</label>
          <div class="field">
            <textarea id="key-text" rows={1} spellcheck={false} value={text} onInput={(event) => change(event.currentTarget.value)} placeholder="64 hex digits, or PEM" />
            <button type="submit" disabled={read === null}>
              Check with this key
            </button>
          </div>
          {read !== null && (
            <p class="trusted" role="status">
              <span>
                Fingerprint <span class="mono">{read.fingerprint}</span>
              </span>
              <span class="soft">{signedBy(read, signers)} Compare it with what whoever runs the agent tells you.</span>
            </p>
          )}
          {failure !== '' && <Refusal text={failure} />}
        </form>
      </More>
    </div>
  );
}

function signedBy({ publicKey }: Key, signers: readonly ReportSigner[]): string {
  const signer = signers.find((one) => one.publicKey === publicKey);
  return signer === undefined ? 'No event here says it is signed by it.' : `Event ${grouped(signer.first)} says it is signed by it.`;
}

/** A head is `SEQ:HASH`. */
export function HeadForm({ actions, head }: { readonly actions: Actions; readonly head: Head | null }) {
  const [text, setText] = useState('');
  const parsed = parseHeadText(text.trim());
  const check = (event: Event) => {
    event.preventDefault();
    if (parsed === null) return;
    actions.setHead(parsed);
    setText('');
  };
  return (
    <div class="trust">
      {head !== null && (
        <p class="trusted">
          <Symbol name="check" />
          <span class="mono">{`${head.seq}:${head.hash}`}</span>
          <button type="button" class="quiet" onClick={() => actions.setHead(null)}>
            Remove
          </button>
        </p>
      )}
      <More name={head === null ? null : 'Name another head'}>
        <form onSubmit={check}>
          <label for="head-text">Head that was reported outside: paste it, or drop its file</label>
          <div class="field">
            <input id="head-text" type="text" spellcheck={false} autocomplete="off" value={text} onInput={(event) => setText(event.currentTarget.value)} placeholder="SEQ:HASH" />
            <button type="submit" disabled={parsed === null}>
              Check with this head
            </button>
          </div>
          {text.trim() !== '' && parsed === null && <Refusal text="A head is a number, a colon and 64 lower-case hex digits." />}
        </form>
      </More>
    </div>
  );
}

/** What is asked for first, or, where it is known already, behind a name. */
function More({ name, children }: { readonly name: string | null; readonly children: ComponentChildren }) {
  if (name === null) return <>{children}</>;
  return (
    <details class="more">
      <summary>{name}</summary>
      {children}
    </details>
  );
}

function Refusal({ text }: { readonly text: string }) {
  return (
    <p class="refusal" role="status">
      <Symbol name="failed" />
      {visible(text)}
    </p>
  );
}
