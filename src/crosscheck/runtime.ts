/*
 * What only Node.js has. Its modules are asked for by name at run time, where they are needed: no bundler sees them,
 * and a browser has none.
 */

interface Builtins {
  readonly 'node:fs': typeof import('node:fs');
  readonly 'node:module': typeof import('node:module');
  readonly 'node:url': typeof import('node:url');
  readonly 'node:util': typeof import('node:util');
}

/** A module of Node.js, or undefined where there is none. */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined {
  const { process } = globalThis as { readonly process?: { getBuiltinModule?(id: string): unknown } };
  return process?.getBuiltinModule?.(name) as Builtins[Name] | undefined;
}
