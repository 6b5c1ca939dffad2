// Jest gives each file of tests a realm of its own, and waits for what keeps the process alive.

const smoke = require('../smoke.cjs');

test('the package records and verifies', () => smoke(require('sealwright'), require('sealwright/crosscheck')));
