/*
 * Libraries that only the command line uses. The build replaces this file by a bundle of them, so that the package has
 * no dependency for it: some are ES modules only, and whoever does not run the command loads none of them.
 */

export { confirm, isCancel } from '@clack/prompts';
export { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
