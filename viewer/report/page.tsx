/*
 * A report as one HTML page without a script. All text of it is written by preact, which escapes it; what may come from a
 * ledger has been made visible before.
 */

import { renderToString } from 'preact-render-to-string';
import { digest, style } from 'sealwright:report-style';
import { visible } from '../../src/cli/safe-text.js';
import type { ReportFacts, ReportPage as Page } from '../../src/evidence/pages.js';
import { Collector, MAX_FILES } from '../model/collector.js';
import { Report } from './report.js';

/** Rows of which pictures are made. */
const MAX_EVENTS = 2_000_000;

/** Made by `sealwright/evidence`, which gives it the lines of a ledger. */
export class ReportPage implements Page {
  readonly #collector = new Collector();
  #files = 0;
  #isWhole = true;

  file(name: string, bytes: number): void {
    this.#isWhole &&= this.#files < MAX_FILES;
    if (!this.#isWhole) return;
    this.#files += 1;
    this.#collector.file(name, bytes);
  }

  block(bytes: Uint8Array): void {
    this.#isWhole &&= this.#collector.events < MAX_EVENTS;
    if (this.#isWhole) this.#collector.block(bytes);
  }

  finish(facts: ReportFacts): string {
    const model = this.#collector.finish();
    const body = renderToString(<Report model={model} isWhole={this.#isWhole} {...facts} />);
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
${renderToString(<title>{`${visible(facts.subject)}: Sealwright report`}</title>)}
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
  }
}

const POLICY = `default-src 'none'; style-src '${digest}'; img-src data:; form-action 'none'; base-uri 'none'`;
