import * as sealwright from 'sealwright';
import smoke from '../smoke.cjs';

test('the package records and verifies', () => smoke(sealwright));
