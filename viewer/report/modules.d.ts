/** Made by bundle.mjs. */
declare module 'sealwright:report-style' {
  /** The style of a report. */
  export const style: string;
  /** Its digest as a policy spells it: `sha256-` and base64. */
  export const digest: string;
}
