// The code needs no transform, and the addon needs Node: not the environment jsdom.
module.exports = { testEnvironment: 'node', transform: {} };
