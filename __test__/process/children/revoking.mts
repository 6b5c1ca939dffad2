// An issuer that revokes tokens and says of each when that is done, or answers whether one is revoked.

import { IssuerKeyPair, RevocationList } from 'sealwright/tokens';
import { heard, input, say } from '../helpers/talk.mts';

/** What the program is started with. */
export interface Plan {
  readonly path: string;
  readonly pem: string;
  readonly did: string;
  /** Revokes so many tokens of this name and a number, `Infinity` of them for null, once it hears a word. */
  readonly revoke?: { readonly name: string; readonly count: number | null };
  /** Answers a word with whether the token of that name is revoked. */
  readonly answer?: boolean;
}

const { path, pem, did, revoke, answer } = input as Plan;
const list = await RevocationList.forIssuer(path, IssuerKeyPair.fromPem(pem, { did }));
say('ready');
if (revoke !== undefined) {
  await heard();
  for (let n = 0; n < (revoke.count ?? Infinity); n += 1) {
    await list.revoke(`${revoke.name}_${n}`);
    say(`${revoke.name}_${n}`);
  }
}
if (answer === true) for (;;) say(await list.isRevoked(await heard()));
