/*
 * Data inside of the page, as `sealwright view` writes it: one block of JSON that no script runs.
 *
 *   <script type="application/json" id="embedded">{"schemaVersion":1,"files":[{"name":"ledger.ndjson","gzip":"H4sI..."}]}</script>
 *
 * `<` is written as `\u003c`, so that no text can end the block.
 */

/** Files of a ledger, or a pack. Never keys or heads that count: who writes the page is not to be believed. */
export interface Embedded {
  readonly schemaVersion: 1;
  /** `gzip` is base64 of the compressed bytes. */
  readonly files: readonly { readonly name: string; readonly gzip: string }[];
}

/** The `id` of the block, which is empty in the viewer that is shipped. */
export const EMBEDDED_ID = 'embedded';

/** What stands between the tags. */
export function embeddedText(embedded: Embedded): string {
  return JSON.stringify(embedded).replaceAll('<', '\\u003c');
}
