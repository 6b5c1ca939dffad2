// Deno finds the package in the node_modules that npm made, see deno.json. It needs --allow-ffi to load the addon, and holds
// that to no other permission: the ledger is written without --allow-write.

import { recordAndVerify } from '../program.mjs';

await recordAndVerify();
