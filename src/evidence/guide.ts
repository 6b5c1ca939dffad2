/*
 * VERIFY.md: what whoever receives a pack should do with it.
 */

import type { ChainReport } from '../report.js';

/** Its text. */
export function guideText({ eventCount, verdict }: ChainReport, version: string): string {
  return `# How to verify this pack

It holds a ledger of ${eventCount} events, as it was sent to you. Everything else in it was written by whoever packed it: the
keys, the head, the report (which says \`${verdict}\`), its pages and this text. None of it proves anything. A forger would send
the same files with keys of their own.

Get three things from somewhere else than from whoever sent this pack:

1. The tool: \`npm install sealwright@${version}\` from the registry that you trust, or a version that you had before.
2. The public key of the signer, from whoever runs the agent. Compare its fingerprint by voice or in writing.
3. The last event that was reported to you, as SEQ:HASH. Without it nobody can tell whether events were cut from the end.

Then run, with these in place of KEY and SEQ:HASH:

    npx sealwright@${version} verify evidence.zip --signer KEY --head SEQ:HASH --require-signer --require-head

It ends with 0 when every event is there up to that one, in order, unchanged, and signed by that key; with 1 when the
ledger is proven broken; with 2 when it could not be checked; with 3 when something that was asked for was not checked.

\`report.html\` shows in a browser what the packer says was found. \`viewer.html\`, if it is here, is a viewer that verifies a
ledger dropped on it, without a network; one that came with the evidence can be made to say anything. Use one that you took
from the package yourself (\`npx sealwright@${version} view\`), or compare its SHA-256 with the one that the release published.

\`manifest.json\` has the SHA-256 of every file. It shows damage on the way, and nothing else: whoever changes a file can
change the manifest.
`;
}
