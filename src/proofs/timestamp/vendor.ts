/*
 * The libraries that read and write DER by the definitions of the standards. The build replaces this file by a bundle of
 * them, so that the package has no dependency for it; whoever makes or verifies no timestamp loads none of them.
 */

export { Attribute, SignedData, type SignerInfo } from '@peculiar/asn1-cms';
export { RsaSaPssParams } from '@peculiar/asn1-rsa';
export { AsnArray, AsnIntegerArrayBufferConverter, AsnParser, AsnProp, AsnPropTypes, AsnSerializer, AsnType, AsnTypeTypes, OctetString } from '@peculiar/asn1-schema';
export { MessageImprint, TimeStampReq, TimeStampResp, TSTInfo } from '@peculiar/asn1-tsp';
export { AlgorithmIdentifier, BasicConstraints, Certificate, ExtendedKeyUsage, GeneralNames, KeyUsage, SubjectKeyIdentifier } from '@peculiar/asn1-x509';
export { type BaseBlock, Constructed, fromBER, GeneralizedTime } from 'asn1js';
