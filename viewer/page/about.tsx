/*
 * Why to believe this page, or not: its digest, and where the right one is.
 */

import { visible } from '../../src/cli/safe-text.js';
import { quoted } from '../../src/cli/words.js';
import { VERSION } from './bundled.js';
import { CopyButton } from './copy.js';

export function About() {
  const name = fileName();
  const commands: readonly (readonly [string, string])[] = [
    ['Linux', `sha256sum ${quoted(name)}`],
    ['macOS', `shasum -a 256 ${quoted(name)}`],
    ['Windows', `certutil -hashfile "${name}" SHA256`],
  ];
  return (
    <div class="about">
      <p>
        <strong>A viewer received from the party under audit proves nothing.</strong> Anybody can write a page that says what he likes.
        Take this file from the release of Sealwright yourself, or compare its SHA-256 with the one that the release publishes.
      </p>
      <ol>
        <li>
          Compute the SHA-256 of this file:
          <table class="commands">
            <tbody>
              {commands.map(([system, command]) => (
                <tr key={system}>
                  <th scope="row">{system}</th>
                  <td>
                    <code>{visible(command)}</code>
                  </td>
                  <td>
                    <CopyButton text={command} what={`Copy the command for ${system}`} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </li>
        <li>
          Compare it with <code>viewer.html.sha256</code> of release {VERSION}, which you get from where Sealwright is published and not from
          whoever gave you this file. A page that has a ledger inside has another digest: open its ledger in a viewer that you compared.
        </li>
      </ol>
    </div>
  );
}

/** What this file is called here. */
function fileName(): string {
  const encoded = globalThis.location?.pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(encoded) || 'viewer.html';
  } catch {
    // A name that is no UTF-8.
    return 'viewer.html';
  }
}
