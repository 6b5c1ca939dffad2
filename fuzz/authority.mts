// A timestamping authority that writes its own DER, so that what it signs can be anything.

import { createECDH, createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { der, type Node, read, write } from './der.mts';

/** The checkpoint that it stamps, and its digest. */
export const checkpoint = 'fuzz.example/log\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n';
const imprint = createHash('sha256').update(checkpoint).digest();

const SEQUENCE = 0x30;
const SET = 0x31;
const OID = 0x06;
const ecdsa = () => der(SEQUENCE, der(OID, '2a8648ce3d040302'));
const SHA256 = '608648016503040201';
const TST_INFO = '2a864886f70d0109100104';
const oid = (hex: string) => der(OID, hex);
const integer = (hex: string) => der(0x02, hex);
const text = (value: string) => Buffer.from(value);
const nameOf = (name: string) => der(SEQUENCE, der(SET, der(SEQUENCE, oid('550403'), der(0x0c, text(name)))));

const copied = (node: Node) => read(write(node));

/** A key that its number determines. */
function keyOf(number: number): { readonly key: KeyObject; readonly spki: Node } {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(createHash('sha256').update(`key ${number}`).digest());
  const point = ecdh.getPublicKey();
  const [d, x, y] = [ecdh.getPrivateKey(), point.subarray(1, 33), point.subarray(33)].map((bytes) => bytes.toString('base64url'));
  const key = createPrivateKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', d: d ?? '', x: x ?? '', y: y ?? '' } });
  return { key, spki: der(SEQUENCE, der(SEQUENCE, oid('2a8648ce3d0201'), oid('2a8648ce3d030107')), der(0x03, '00', point)) };
}

const [rootKey, midKey, tsaKey] = [keyOf(1), keyOf(2), keyOf(3)];

const extension = (id: string, isCritical: boolean, value: Node) => der(SEQUENCE, oid(id), ...(isCritical ? [der(0x01, 'ff')] : []), der(0x04, value));
const authority = () => [extension('551d13', true, der(SEQUENCE, der(0x01, 'ff'))), extension('551d0f', true, der(0x03, '0106'))];
const stamps = () => [extension('551d25', true, der(SEQUENCE, oid('2b06010505070308'))), extension('551d0f', true, der(0x03, '0780'))];

const bodyOf = (subject: string, issuer: string, serial: string, spki: Node, extensions: readonly Node[]) =>
  der(
    SEQUENCE,
    der(0xa0, integer('02')),
    integer(serial),
    ecdsa(),
    nameOf(issuer),
    der(SEQUENCE, der(0x17, text('200101000000Z')), der(0x18, text('20991231235959Z'))),
    nameOf(subject),
    spki,
    der(0xa3, der(SEQUENCE, ...extensions)),
  );

/** A certificate over a body. */
const certified = (body: Node, key: KeyObject) => der(SEQUENCE, body, ecdsa(), der(0x03, '00', sign('sha256', write(body), key)));

export const root = write(certified(bodyOf('root', 'root', '01', rootKey.spki, authority()), rootKey.key));

/** What a token is made of. Each part may be changed before what is above it is signed. */
export interface Pieces {
  /** Bodies of certificates. */
  readonly mid: Node;
  readonly tsa: Node;
  readonly info: Node;
}

/** Good pieces. */
export function pieces(): Pieces {
  return {
    mid: bodyOf('mid', 'root', '02', copied(midKey.spki), authority()),
    tsa: bodyOf('tsa', 'mid', '03', copied(tsaKey.spki), stamps()),
    info: der(
      SEQUENCE,
      integer('01'),
      oid('2a0304'),
      der(SEQUENCE, der(SEQUENCE, oid(SHA256), der(0x05)), der(0x04, imprint)),
      integer('05'),
      der(0x18, text('20210601120000.5Z')),
      der(SEQUENCE, integer('01'), der(0x80, '64'), der(0x81, '0a')),
      der(0x01, 'ff'),
      integer('4d2a'),
      der(0xa0, der(0xa4, nameOf('tsa'))),
      der(0xa1, der(SEQUENCE, oid('2a0304'), der(0x04, '00'))),
    ),
  };
}

/** The signed attributes over pieces. */
export function attributesOf(tsa: Node, info: Node): Node {
  const content = write(info);
  const attribute = (id: string, value: Node) => der(SEQUENCE, oid(id), der(SET, value));
  const certificate = createHash('sha256').update(write(tsa)).digest();
  const named = der(SEQUENCE, der(SEQUENCE, der(0xa4, nameOf('mid'))), integer('03'));
  const values = [
    attribute('2a864886f70d010903', oid(TST_INFO)),
    attribute('2a864886f70d010904', der(0x04, createHash('sha256').update(content).digest())),
    attribute('2a864886f70d010910022f', der(SEQUENCE, der(SEQUENCE, der(SEQUENCE, der(0x04, certificate), named)))),
  ];
  return der(SET, ...values.toSorted((a, b) => Buffer.compare(write(a), write(b))));
}

/** The certificates of pieces. */
export const tsaOf = ({ tsa }: Pieces): Node => certified(tsa, midKey.key);
export const midOf = ({ mid }: Pieces): Node => certified(mid, rootKey.key);

/** A token over signed attributes. */
export function tokenOf(made: Pieces, tsa: Node, attributes: Node): Node {
  const signature = sign('sha256', write(attributes), tsaKey.key);
  const digest = der(SEQUENCE, oid(SHA256));
  const signer = der(
    SEQUENCE,
    integer('01'),
    der(SEQUENCE, nameOf('mid'), integer('03')),
    copied(digest),
    { ...attributes, tag: 0xa0 },
    ecdsa(),
    der(0x04, signature),
  );
  const content = der(SEQUENCE, oid(TST_INFO), der(0xa0, der(0x04, made.info)));
  const data = der(SEQUENCE, integer('03'), der(SET, digest), content, der(0xa0, tsa, midOf(made)), der(SET, signer));
  return der(SEQUENCE, oid('2a864886f70d010702'), der(0xa0, data));
}

/** What is signed in a token: its timestamp, and the attributes without their tag. */
export function contentOf(token: Uint8Array): readonly Buffer[] {
  const data = read(token).parts?.[1]?.parts?.[0]?.parts ?? [];
  const info = data[2]?.parts?.[1]?.parts?.[0]?.content;
  const attributes = data.at(-1)?.parts?.[0]?.parts?.find(({ tag }) => tag === 0xa0)?.parts;
  if (info === undefined || attributes === undefined) throw new Error('no token');
  return [info, Buffer.concat(attributes.map(write))];
}
