// The flags are in package.json. The addon is not held to them: it writes the ledger without --allow-fs-write.

import { recordAndVerify } from '../program.mjs';

await recordAndVerify();
