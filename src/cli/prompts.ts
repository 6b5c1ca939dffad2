/*
 * What asks on a terminal, loaded when something is asked. The build replaces this file by a bundle, as `vendor.ts`.
 */

export { confirm, isCancel } from '@clack/prompts';
