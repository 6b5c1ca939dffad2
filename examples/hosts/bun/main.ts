// Under Bun nothing has to be set.

import { recordAndVerify } from '../program.mjs';

await recordAndVerify();
