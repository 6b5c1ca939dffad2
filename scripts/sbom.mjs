// npm run sbom: writes the bill of materials of the package, see package/bill-of-materials.mjs, into target/sbom.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { billOfMaterials } from './package/bill-of-materials.mjs';
import { inProject } from './run.mjs';
import { installDependencies, reportSetupError } from './setup.mjs';

try {
  await installDependencies();
  const text = await billOfMaterials();
  const { name, version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const path = `target/sbom/${name}-${version}.cdx.json`;
  mkdirSync(inProject('target', 'sbom'), { recursive: true });
  writeFileSync(inProject(path), text);
  console.log(`sbom: wrote ${path}, ${JSON.parse(text).components.length} components`);
} catch (error) {
  reportSetupError(error);
  process.exitCode = 1;
}
