/** Modules that viewer/build.mjs makes. */
declare module 'sealwright:engine' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
declare module 'sealwright:worker' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
declare module 'sealwright:version' {
  const version: string;
  export default version;
}
