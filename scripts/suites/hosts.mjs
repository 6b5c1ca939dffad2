// The projects of examples/hosts, each in its host, with the package as npm installed it.

import { strict as assert } from 'node:assert';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkProject, hostProjects, projectFolders } from '../package/host-projects.mjs';
import { projectsInHosts } from '../package/hosts.mjs';
import { tableOf } from '../package/table.mjs';
import { installed } from './install.mjs';
import { runTests, skippedOnce, timed } from './result.mjs';

/** A test for each project whose host can run here; a table says how each went, and names those that cannot, with the reason. */
export async function hosts({ parts, folder }, chosen = projectFolders()) {
  if (!parts.has('hosts')) return skippedOnce('the projects of examples/hosts', 'needs hosts');
  const consumer = await installed({ folder });
  const place = projectsInHosts();
  try {
    cpSync(join(consumer, 'node_modules'), join(place, 'node_modules'), { recursive: true });
    const projects = hostProjects();
    const rows = [];
    const tests = projects
      .filter(({ name, obstacle }) => obstacle === undefined && chosen.includes(name))
      .map(({ name, version }) => [
        `examples/hosts/${name} in ${version}`,
        [],
        () => timed(rows, [name, version], () => checkProject(place, name)),
      ]);
    const all = ['every project is run or cannot be', [], () => assert.deepEqual(projects.map(({ name }) => name), projectFolders())];
    const result = await runTests([all, ...tests], parts);
    const absent = projects.filter(({ name, obstacle }) => obstacle !== undefined && chosen.includes(name));
    const notes = absent.map(({ name, version, obstacle }) => [name, version, 'cannot run here', obstacle]);
    return { ...result, table: tableOf([['host', 'version', 'result', 'time, or why not'], ...rows, ...notes]) };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
