/*
 * Reveal: a document is dropped, and the events that have a digest of it are named. The document stays on this machine.
 */

import { useMemo, useRef, useState } from 'preact/hooks';
import { visible } from '../../src/cli/safe-text.js';
import { counted, formatBytes, grouped } from '../../src/cli/words.js';
import type { Client, Revealed } from '../client.js';
import { EventLink } from './coverage.js';
import type { ViewProps } from './props.js';
import { breakOf } from './trust.js';

/** Properties of the view. */
export interface RevealProps extends ViewProps {
  readonly client: Pick<Client, 'reveal'>;
}

type State =
  | { readonly is: 'idle' }
  | { readonly is: 'looking'; readonly name: string }
  | { readonly is: 'found'; readonly name: string; readonly bytes: number; readonly revealed: readonly Revealed[] }
  | { readonly is: 'failed'; readonly name: string; readonly message: string };

/** Most matches of a digest that are named. */
const LISTED = 100;

/** The view. */
export function RevealView({ model, report, client, onSelect }: RevealProps) {
  const [state, setState] = useState<State>({ is: 'idle' });
  const [isOver, setOver] = useState(false);
  const [text, setText] = useState('');
  // What was asked last counts, not what is answered last.
  const asked = useRef(0);
  const look = async (name: string, document: Blob) => {
    const ask = (asked.current += 1);
    setState({ is: 'looking', name });
    const next = await client.reveal(document).then(
      (revealed): State => ({ is: 'found', name, bytes: document.size, revealed }),
      (error: unknown): State => ({ is: 'failed', name, message: error instanceof Error ? error.message : String(error) }),
    );
    if (ask === asked.current) setState(next);
  };
  const lookAtFile = (files: FileList | null | undefined) => {
    const file = files?.[0];
    if (file !== undefined) void look(file.name, file);
  };
  return (
    <div class="reveal">
      <p>
        A ledger may hold the SHA-256 of a document in place of the document: arguments of a tool, a prompt, a recording. Whoever has
        the document can show here which events mean it. It is not sent anywhere.
      </p>
      <div
        class={isOver ? 'reveal-drop reveal-over' : 'reveal-drop'}
        onDragOver={(event) => {
          event.preventDefault();
          event.stopPropagation();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          event.stopPropagation();
          setOver(false);
          lookAtFile(event.dataTransfer?.files);
        }}
      >
        <label>
          Drop a document, or choose one
          <input
            type="file"
            onChange={(event) => {
              lookAtFile(event.currentTarget.files);
              // The same document can be chosen once more.
              event.currentTarget.value = '';
            }}
          />
        </label>
      </div>
      <div class="reveal-text">
        <label>
          Or paste its text, exactly
          <textarea rows={3} spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <button type="button" disabled={text === ''} onClick={() => void look('the text', new Blob([text]))}>Look for this text</button>
      </div>
      <div class="reveal-result" role="status">
        <Result state={state} model={model} report={report} onSelect={onSelect} />
      </div>
    </div>
  );
}

function Result({ state, model, report, onSelect }: ViewProps & { readonly state: State }) {
  const broken = useMemo(() => breakOf(model, report), [model, report]);
  if (state.is === 'idle') return null;
  const name = visible(state.name);
  if (state.is === 'looking') return <p>{`Looking for ${name} ...`}</p>;
  if (state.is === 'failed') return <p class="reveal-failed">{`${name} could not be looked for: ${visible(state.message)}`}</p>;
  const { revealed, bytes } = state;
  const count = revealed.reduce((sum, { matches }) => sum + matches.length, 0);
  return (
    <>
      <h3>{count === 0 ? `No event has a digest of ${name}` : `${counted(count, 'place')} with a digest of ${name}`}</h3>
      <p>
        {count === 0
          ? 'That proves nothing: other bytes of the same document, such as another line end, have another digest, and an event need not hold one.'
          : 'Whoever wrote these events had a digest of exactly these bytes. What was done with the document they do not show.'}
      </p>
      {revealed.map(({ how, sha256, matches }) => (
        <section key={`${how} ${sha256}`} class="reveal-digest">
          <h4>{how === 'bytes' ? `As it is, ${formatBytes(bytes)}` : 'As canonical JSON'}</h4>
          <p class="reveal-sha256">{`SHA-256 ${sha256}`}</p>
          {matches.length === 0 && <p>In no event.</p>}
          {matches.length > 0 && (
            <ul>
              {matches.slice(0, LISTED).map(({ row, field }) => (
                <li key={`${row} ${field}`}>
                  <code>{visible(field)}</code>
                  {` of ${visible(model.kinds[model.events.kind[row] ?? 0] ?? '')} in `}
                  <EventLink model={model} broken={broken} row={row} onSelect={onSelect} />
                </li>
              ))}
            </ul>
          )}
          {matches.length > LISTED && <p class="chart-note">{`${grouped(matches.length - LISTED)} more.`}</p>}
        </section>
      ))}
    </>
  );
}
