// The published schemas of JSON outputs, and that of SARIF.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv4 from 'ajv-draft-04';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ExecutionContext } from 'ava';
import { projectRoot } from './project.mts';

const folder = join(projectRoot, 'schemas');
const ajv = new Ajv2020({ allErrors: true });
for (const name of readdirSync(folder)) ajv.addSchema(JSON.parse(readFileSync(join(folder, name), 'utf8')) as object, name);

/** The value of JSON text, which must be as `schemas/<name>.schema.json` says. */
export function checkedJson<Value>(t: ExecutionContext, text: string, name: string): Value {
  const value: unknown = JSON.parse(text);
  t.true(ajv.validate(`${name}.schema.json`, value), ajv.errorsText());
  return value as Value;
}

// Formats are not compiled into this validator: tests look at URIs themselves.
const sarif = new Ajv4.default({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(
  JSON.parse(
    readFileSync(join(projectRoot, 'node_modules', '@microsoft', 'jest-sarif', 'lib', 'schemas', 'sarif-2.1.0-rtm.5.json'), 'utf8'),
  ) as object,
);

/** The value of SARIF 2.1.0, which must be as its schema says. */
export function checkedSarif<Value>(t: ExecutionContext, text: string): Value {
  const value: unknown = JSON.parse(text);
  t.true(sarif(value), JSON.stringify(sarif.errors));
  return value as Value;
}
