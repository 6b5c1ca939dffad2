// Bundled with everything but the package, which a bundler must leave external.

import * as sealwright from 'sealwright';
import * as crosscheck from 'sealwright/crosscheck';
import smoke from '../smoke.cjs';

await smoke(sealwright, crosscheck);
