// A package registry on the loopback interface that knows only the packages given to it, so that `npm install` runs as it
// does for a user, without a network, and every request of it is known.

import { once } from 'node:events';
import { createReadStream, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

/**
 * Serves packages, each a `{path, filename, folder, integrity}`: the tarball, its name, the folder that it was packed
 * from, and its digest. `unknown` collects the names that were asked for and are not there.
 */
export async function serveRegistry(packages) {
  const unknown = [];
  const manifests = packages.map(({ folder }) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  const server = createServer((request, response) => {
    const name = decodeURIComponent(request.url.slice(1));
    const tarball = packages.find(({ filename }) => name === `-/${filename}`);
    if (tarball !== undefined) return void createReadStream(tarball.path).pipe(response);
    const index = manifests.findIndex((manifest) => manifest.name === name);
    if (index === -1) {
      unknown.push(name);
      response.statusCode = 404;
      return void response.end('{}');
    }
    const { version } = manifests[index];
    const { filename, integrity } = packages[index];
    const dist = { tarball: `${url}/-/${filename}`, integrity };
    const versions = { [version]: { ...manifests[index], dist } };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url, unknown, close };
}
