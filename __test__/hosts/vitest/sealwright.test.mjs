import * as sealwright from 'sealwright';
import * as crosscheck from 'sealwright/crosscheck';
import smoke from '../smoke.cjs';

test('the package records and verifies', () => smoke(sealwright, crosscheck));
