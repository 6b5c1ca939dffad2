/*
 * The library that only the command line uses. The build replaces this file by a bundle of it, so that the package has no
 * dependency for it, and whoever does not run the command does not load it.
 */

export { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
