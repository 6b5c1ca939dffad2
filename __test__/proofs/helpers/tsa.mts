// A timestamping authority made with openssl(1): certificates of any time and use, replies to requests, and tokens over what a
// test wants an authority to have said.

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Extensions of certificates. */
const EXTENSIONS = {
  ca: 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash',
  last: 'basicConstraints=critical,CA:true,pathlen:0\nkeyUsage=critical,keyCertSign',
  wrongUse: 'basicConstraints=critical,CA:true\nextendedKeyUsage=serverAuth',
  constrained: 'basicConstraints=critical,CA:true\nnameConstraints=critical,permitted;DNS:example.com',
  constrainedToo: 'basicConstraints=critical,CA:true\nnameConstraints=permitted;DNS:example.com',
  signOnly: 'basicConstraints=critical,CA:true\nkeyUsage=critical,digitalSignature',
  tsa: 'basicConstraints=CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\nsubjectKeyIdentifier=hash',
  notCritical: 'extendedKeyUsage=timeStamping',
  alsoOther: 'extendedKeyUsage=critical,timeStamping,codeSigning',
  otherUse: 'extendedKeyUsage=critical,codeSigning',
  noUse: 'basicConstraints=CA:false',
  encipher: 'keyUsage=critical,keyEncipherment\nextendedKeyUsage=critical,timeStamping',
  unknown: 'extendedKeyUsage=critical,timeStamping\n1.2.3.4=critical,ASN1:NULL',
} as const;

export type Use = keyof typeof EXTENSIONS;

const SECTIONS = Object.entries(EXTENSIONS).map(([name, lines]) => `[use_${name}]\n${lines}\n`);
const CONFIG = `[ca]
default_ca=here
[here]
dir=.
database=./index.txt
new_certs_dir=.
default_md=sha256
policy=names
serial=./ca-serial
unique_subject=no
email_in_dn=no
[names]
commonName=supplied
[req]
distinguished_name=name
prompt=no
[name]
CN=x
${SECTIONS.join('')}[tsa_modern]
serial=./serial
crypto_device=builtin
signer_digest=sha256
default_policy=1.2.3.4.1
other_policies=1.2.3.4.5
digests=sha256,sha512
accuracy=secs:1,millisecs:500,microsecs:100
clock_precision_digits=3
ordering=yes
tsa_name=yes
ess_cert_id_chain=no
ess_cert_id_alg=sha256
[tsa_old]
serial=./serial
crypto_device=builtin
signer_digest=sha512
default_policy=1.2.3.4.1
digests=sha256
ess_cert_id_chain=yes
ess_cert_id_alg=sha1
`;

interface Issue {
  readonly use: Use;
  /** Of whom; itself without. */
  readonly by?: string;
  /** `20200101000000Z`. */
  readonly from?: string;
  readonly to?: string;
  readonly key?: 'ec' | 'rsa' | 'rsa1024' | 'ed25519';
  readonly digest?: string;
  /** Hex of an even number of digits; random without. */
  readonly serial?: string;
}

const KEYS = {
  ec: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  rsa1024: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
  ed25519: ['-algorithm', 'ED25519'],
};

export class Tsa {
  readonly #folder: string;

  /** In a folder that is empty. */
  constructor(folder: string) {
    this.#folder = folder;
    writeFileSync(join(folder, 'config'), CONFIG);
    writeFileSync(join(folder, 'serial'), '01\n');
  }

  /** Makes a certificate, with the key that this name has or a new one; its PEM. */
  issue(name: string, { use, by = name, from = '20200101000000Z', to = '20490101000000Z', key = 'ec', digest = 'sha256', serial }: Issue): string {
    if (!existsSync(join(this.#folder, `${name}.key`))) this.#run('genpkey', ...KEYS[key], '-out', `${name}.key`);
    // What was issued before: it may be issued again.
    writeFileSync(join(this.#folder, 'index.txt'), '');
    writeFileSync(join(this.#folder, 'ca-serial'), `${serial ?? `40${randomBytes(8).toString('hex')}`}\n`);
    this.#run('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-config', 'config', '-out', `${name}.csr`);
    const issuer = by === name ? ['-selfsign'] : ['-cert', `${by}.pem`];
    const files = ['-keyfile', `${by}.key`, '-in', `${name}.csr`, '-out', `${name}.pem`];
    const how = ['-md', digest === 'none' ? 'default' : digest, '-extensions', `use_${use}`, '-startdate', from, '-enddate', to];
    this.#run('ca', '-batch', '-notext', '-config', 'config', ...issuer, ...files, ...how);
    return this.pem(name);
  }

  pem(name: string): string {
    return readFileSync(join(this.#folder, `${name}.pem`), 'utf8');
  }

  /** The reply of an authority to a request, with certificates of others. */
  reply(name: string, request: Uint8Array, chain: readonly string[], section = 'tsa_modern'): Uint8Array {
    writeFileSync(join(this.#folder, 'query'), request);
    writeFileSync(join(this.#folder, 'chain'), chain.map((other) => this.pem(other)).join(''));
    const certificates = chain.length > 0 ? ['-chain', 'chain'] : [];
    const signer = ['-signer', `${name}.pem`, '-inkey', `${name}.key`, ...certificates];
    this.#run('ts', '-reply', '-config', 'config', '-section', section, '-queryfile', 'query', ...signer, '-out', 'reply');
    return Uint8Array.from(readFileSync(join(this.#folder, 'reply')));
  }

  /** A token over a TSTInfo. */
  sign(name: string, info: Uint8Array, chain: readonly string[], ...more: readonly string[]): Uint8Array {
    writeFileSync(join(this.#folder, 'info'), info);
    writeFileSync(join(this.#folder, 'chain'), chain.map((other) => this.pem(other)).join(''));
    const what = ['-binary', '-nodetach', '-econtent_type', '1.2.840.113549.1.9.16.1.4', '-cades', '-in', 'info'];
    const signer = ['-signer', `${name}.pem`, '-inkey', `${name}.key`, ...(chain.length > 0 ? ['-certfile', 'chain'] : [])];
    this.#run('cms', '-sign', ...what, ...signer, ...more, '-outform', 'DER', '-out', 'token');
    return Uint8Array.from(readFileSync(join(this.#folder, 'token')));
  }

  /** Whether openssl(1) itself takes a token: about data, by roots. */
  verifies(token: Uint8Array, data: string, root: string, untrusted: string): boolean {
    writeFileSync(join(this.#folder, 'token'), token);
    writeFileSync(join(this.#folder, 'data'), data);
    writeFileSync(join(this.#folder, 'root'), this.pem(root));
    writeFileSync(join(this.#folder, 'untrusted'), this.pem(untrusted));
    const args = ['-data', 'data', '-token_in', '-in', 'token', '-CAfile', 'root', '-untrusted', 'untrusted'];
    return spawnSync('openssl', ['ts', '-verify', ...args], { cwd: this.#folder }).status === 0;
  }

  #run(...words: readonly string[]): void {
    const { status, stderr } = spawnSync('openssl', words, { cwd: this.#folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${words.join(' ')}: ${stderr}`);
  }
}

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const head = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
};
const hex = (text: string) => Buffer.from(text, 'hex');

interface Info {
  /** SHA-256, in hex. */
  readonly imprint: string;
  readonly time?: string;
  readonly algorithm?: string;
  readonly version?: number;
  /** Parts behind the time. */
  readonly more?: readonly Uint8Array[];
}

/** A TSTInfo under the policy 1.2.3.4.1, with the serial number 5. */
export function infoOf({ imprint, time = '20210601120000Z', algorithm = '0609608648016503040201', version = 1, more = [] }: Info): Uint8Array {
  const hash = der(0x30, der(0x30, hex(algorithm), hex('0500')), der(0x04, hex(imprint)));
  return der(0x30, der(2, Buffer.of(version)), hex('06042a030401'), hash, der(2, Buffer.of(5)), der(0x18, Buffer.from(time)), ...more);
}
