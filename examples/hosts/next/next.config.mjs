// The package is required from node_modules, where its addon is, and traced into a standalone output.
export default {
  serverExternalPackages: ['sealwright'],
};
