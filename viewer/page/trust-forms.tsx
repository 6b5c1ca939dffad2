/*
 * Where a user says what he knows from elsewhere: keys and a head. Taken from nobody else.
 */

import type { ComponentChild, ComponentChildren } from 'preact';
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
  const add = (key: Key) => {
    actions.addKey(key);
    change('');
  };
  return (
    <TrustForm
      id="key-text"
      label="Public key of the signer: paste it, or drop its file"
      field={<textarea id="key-text" rows={1} spellcheck={false} value={text} onInput={(event) => change(event.currentTarget.value)} placeholder="64 hex digits, or PEM" />}
      thing="key"
      known={keys.map((key) => (
        <Known key={key.publicKey} text={key.fingerprint} onRemove={() => actions.removeKey(key.publicKey)}>
          <span class="soft">{key.source === '' ? 'entered by you' : `from ${visible(key.source)}`}</span>
        </Known>
      ))}
      onUse={read === null ? null : () => add(read)}
    >
      {read !== null && (
        <p class="trusted" role="status">
          <span>
            Fingerprint <span class="mono">{read.fingerprint}</span>
          </span>
          <span class="soft">{signedBy(read, signers)} Compare it with what whoever runs the agent tells you.</span>
        </p>
      )}
      {failure !== '' && <Refusal text={failure} />}
    </TrustForm>
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
  const use = (named: Head) => {
    actions.setHead(named);
    setText('');
  };
  return (
    <TrustForm
      id="head-text"
      label="Head that was reported outside: paste it, or drop its file"
      field={<input id="head-text" type="text" spellcheck={false} autocomplete="off" value={text} onInput={(event) => setText(event.currentTarget.value)} placeholder="SEQ:HASH" />}
      thing="head"
      known={head === null ? [] : [<Known text={`${head.seq}:${head.hash}`} onRemove={() => actions.setHead(null)} />]}
      onUse={parsed === null ? null : () => use(parsed)}
    >
      {text.trim() !== '' && parsed === null && <Refusal text="A head is a number, a colon and 64 lower-case hex digits." />}
    </TrustForm>
  );
}

interface TrustFormProps {
  /** Of the field. */
  readonly id: string;
  readonly label: string;
  readonly field: ComponentChildren;
  readonly thing: string;
  readonly known: readonly ComponentChild[];
  /** Takes what the field has; null while that is nothing to take. */
  readonly onUse: (() => void) | null;
  /** What is to say of what the field has. */
  readonly children: ComponentChildren;
}

/** What is named already, and a form to name more: open where nothing is, behind a word else. */
function TrustForm({ id, label, field, thing, known, onUse, children }: TrustFormProps) {
  const use = (event: Event) => {
    event.preventDefault();
    onUse?.();
  };
  const form = (
    <form onSubmit={use}>
      <label for={id}>{label}</label>
      <div class="field">
        {field}
        <button type="submit" disabled={onUse === null}>
          {`Check with this ${thing}`}
        </button>
      </div>
      {children}
    </form>
  );
  return (
    <div class="trust">
      {known}
      {known.length === 0 ? (
        form
      ) : (
        <details class="more">
          <summary>{`Name another ${thing}`}</summary>
          {form}
        </details>
      )}
    </div>
  );
}

/** Something that was named. */
function Known({ text, onRemove, children }: { readonly text: string; readonly onRemove: () => void; readonly children?: ComponentChildren }) {
  return (
    <p class="trusted">
      <Symbol name="check" />
      <span class="mono">{text}</span>
      {children}
      <button type="button" class="quiet" onClick={onRemove}>
        Remove
      </button>
    </p>
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
