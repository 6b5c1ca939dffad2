/*
 * Types that the libraries do not have, or of which they lose something that is needed here:
 *
 *   Info            a TSTInfo (RFC 3161, section 2.4.2) whose time is text, since a Date has no microseconds, and whose
 *                   accuracy has no seconds where none were written
 *   Content         signed data (RFC 5652, section 5.1) whose certificates and revocation lists are kept as they are: those
 *                   that do not matter need not be readable
 *   SignerNames     which certificate the signer signed with (RFC 5035): SigningCertificate and SigningCertificateV2
 */

import {
  AlgorithmIdentifier,
  AsnArray,
  AsnIntegerArrayBufferConverter,
  AsnProp,
  AsnPropTypes,
  AsnType,
  AsnTypeTypes,
  Attribute,
  type BaseBlock,
  Constructed,
  GeneralizedTime,
  GeneralNames,
  OctetString,
  SignedData,
  TSTInfo,
} from './vendor.js';

/** The bytes of an INTEGER: numbers lose those beyond 2^53. */
const integer = { type: AsnPropTypes.Integer, converter: AsnIntegerArrayBufferConverter };

/** More or less. */
class Accuracy {
  seconds?: ArrayBuffer;
  millis?: ArrayBuffer;
  micros?: ArrayBuffer;
}
AsnProp({ ...integer, optional: true })(Accuracy.prototype, 'seconds');
AsnProp({ ...integer, optional: true, context: 0, implicit: true })(Accuracy.prototype, 'millis');
AsnProp({ ...integer, optional: true, context: 1, implicit: true })(Accuracy.prototype, 'micros');

/** Parts under the tag `[number]` that are kept as they are. The library would read them again to write them. */
interface Kept {
  readonly parts: readonly BaseBlock[];
}

function keptUnder(tagNumber: number): new () => Kept {
  return class {
    #block = new Constructed();

    get parts(): readonly BaseBlock[] {
      return this.#block.valueBlock.value;
    }

    fromASN(block: Constructed): this {
      this.#block = block;
      return this;
    }

    toASN(): Constructed {
      return this.#block;
    }

    toSchema(name: string): Constructed {
      return new Constructed({ name, optional: true, idBlock: { tagClass: 3, tagNumber } });
    }
  };
}

type InfoFields = Omit<TSTInfo, 'genTime' | 'accuracy'> & { readonly genTime: string; readonly accuracy?: Accuracy };

/** What an authority says. */
export class Info extends (TSTInfo as unknown as new () => InfoFields) {}
AsnProp({
  type: AsnPropTypes.GeneralizedTime,
  converter: {
    fromASN: ({ valueBlock }: GeneralizedTime) => Buffer.from(valueBlock.valueHexView).toString('latin1'),
    toASN: (value: string) => new GeneralizedTime({ value }),
  },
})(Info.prototype, 'genTime');
AsnProp({ type: Accuracy, optional: true })(Info.prototype, 'accuracy');

type DataFields = Omit<SignedData, 'certificates' | 'crls'> & { readonly certificates?: Kept };

/** What was signed, and by whom. */
class Data extends (SignedData as unknown as new () => DataFields) {}
AsnProp({ type: keptUnder(0), optional: true })(Data.prototype, 'certificates');
AsnProp({ type: keptUnder(1), optional: true })(Data.prototype, 'crls');

/** A token. */
export class Content {
  contentType = '';
  content = new Data();
}
AsnProp({ type: AsnPropTypes.ObjectIdentifier })(Content.prototype, 'contentType');
AsnProp({ type: Data, context: 0 })(Content.prototype, 'content');

/** Issuer and number of a certificate. */
class IssuerSerial {
  issuer = new GeneralNames();
  serialNumber = new ArrayBuffer(0);
}
AsnProp({ type: GeneralNames })(IssuerSerial.prototype, 'issuer');
AsnProp(integer)(IssuerSerial.prototype, 'serialNumber');

/** ESSCertID and ESSCertIDv2. The first has no algorithm: it is SHA-1. */
export class CertificateName {
  hashAlgorithm?: AlgorithmIdentifier;
  certHash = new OctetString();
  issuerSerial?: IssuerSerial;
}
AsnProp({ type: AlgorithmIdentifier, optional: true })(CertificateName.prototype, 'hashAlgorithm');
AsnProp({ type: OctetString })(CertificateName.prototype, 'certHash');
AsnProp({ type: IssuerSerial, optional: true })(CertificateName.prototype, 'issuerSerial');

/** Of the signer's certificate, and of those above it. */
class CertificateNames extends AsnArray<CertificateName> {}
AsnType({ type: AsnTypeTypes.Sequence, itemType: CertificateName })(CertificateNames);

/** SigningCertificate and SigningCertificateV2. */
export class SignerNames {
  certs = new CertificateNames();
}
AsnProp({ type: CertificateNames })(SignerNames.prototype, 'certs');
AsnProp({ type: AsnPropTypes.Any, optional: true })(SignerNames.prototype, 'policies');

/** `SET OF Attribute`: what is signed of a signer's attributes. RFC 5652, section 5.4. */
export class SignedAttributes extends AsnArray<Attribute> {}
AsnType({ type: AsnTypeTypes.Set, itemType: Attribute })(SignedAttributes);

/** The attribute that says what the content is. */
export class ContentType {
  value = '';
}
AsnType({ type: AsnTypeTypes.Choice })(ContentType);
AsnProp({ type: AsnPropTypes.ObjectIdentifier })(ContentType.prototype, 'value');
