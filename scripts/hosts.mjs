// npm run hosts: installs what package/hosts.mjs speaks of.

import { installHosts } from './package/hosts.mjs';
import { reportSetupError, step } from './setup.mjs';

try {
  await step('hosts', installHosts);
} catch (error) {
  reportSetupError(error);
  process.exitCode = 1;
}
