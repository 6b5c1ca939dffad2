import { recordAndVerify } from '../../program.mjs';

await recordAndVerify();
