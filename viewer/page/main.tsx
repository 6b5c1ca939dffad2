/*
 * Starts the page.
 */

import { render } from 'preact';
import { visible } from '../../src/cli/safe-text.js';
import { EMBEDDED_ID } from '../embedded.js';
import { createClient } from '../worker/client.js';
import { Actions, failureOf } from './actions.js';
import { App } from './app.js';
import { ENGINE, WORKER } from './bundled.js';
import { embeddedFiles } from './embedded-files.js';
import { parseLink } from './link.js';
import { INITIAL, type State, Store } from './state.js';
import { themeSwitch } from './theme.js';

const root = document.getElementById('page') as HTMLElement;
const setTheme = themeSwitch(document.styleSheets[0] as CSSStyleSheet);
let isPrinting = false;

const store = new Store(draw, { ...INITIAL, unable: whyUnable() });
const scriptUrl = URL.createObjectURL(new Blob([WORKER], { type: 'text/javascript' }));
const actions = new Actions(store, {
  createClient: () => createClient({ scriptUrl, wasm: ENGINE }),
  showLink: (link) => history.replaceState(null, '', link),
});

draw();
follow();
addEventListener('hashchange', follow);
addEventListener('beforeprint', () => drawForPrint(true));
addEventListener('afterprint', () => drawForPrint(false));
void openEmbedded();

function draw(): void {
  document.title = titleOf(store.state);
  render(<App state={store.state} actions={actions} isPrinting={isPrinting} onTheme={setTheme} />, root);
}

/** Names the ledger and the verdict, which paper and tabs of a browser show. */
function titleOf({ ledger, verified }: State): string {
  const [first] = ledger;
  if (first === undefined) return 'Sealwright viewer';
  const verdict = verified !== null && 'report' in verified ? `${verified.report.verdict}: ` : '';
  return `${verdict}${visible(first.name)} - Sealwright viewer`;
}

/** Paper does not wait. */
function drawForPrint(printing: boolean): void {
  isPrinting = printing;
  draw();
}

function follow(): void {
  const seq = parseLink(location.hash);
  if (seq !== null) actions.follow(seq);
}

async function openEmbedded(): Promise<void> {
  try {
    await actions.open(await embeddedFiles(document.getElementById(EMBEDDED_ID)?.textContent ?? ''), true);
  } catch (error) {
    actions.notify(`The data in this page cannot be read: ${failureOf(error).message}`);
  }
}

function whyUnable(): string | null {
  if (typeof WebAssembly === 'undefined') return 'This browser runs no WebAssembly, which the verifier is made of. Another browser, or its settings, may allow it.';
  return typeof Worker === 'undefined' ? 'This browser runs no workers, which the verifier needs.' : null;
}
