// npm run api: writes what is committed about the package anew, see package/lists.mjs.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { apiLists, exampleList, fileList, licenseList, manualPages, writeList } from './package/lists.mjs';
import { packPackage } from './package/tarball.mjs';
import { temporaryFolder } from './run.mjs';
import { compileSources, prepare, reportSetupError, SetupError, step } from './setup.mjs';
import { examples } from './suites/readme.mjs';
import { addViewer } from './viewer.mjs';

try {
  await prepare();
  await step('TypeScript', compileSources);
  if (!(await addViewer())) throw new SetupError('the viewer is among the files of the package');
  // First, because they are among the package's files.
  const documents = [await licenseList(), ...manualPages()];
  for (const document of documents) writeList(document);
  const folder = join(temporaryFolder, 'api');
  const { files } = await packPackage(folder);
  rmSync(folder, { recursive: true });
  const titles = exampleList(examples());
  const lists = [...(await apiLists()), fileList(files), titles];
  for (const list of lists) writeList(list);
  console.log(`api: wrote ${[...documents, ...lists].map(([path]) => path).join(', ')}`);
} catch (error) {
  reportSetupError(error);
  process.exitCode = 1;
}
