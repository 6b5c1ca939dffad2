import { defineConfig } from 'vite';

export default defineConfig({
  build: { ssr: 'src/recorder.js', outDir: 'out/server' },
  // Vite leaves what is in node_modules external, unless `noExternal` or a link says otherwise; this does.
  ssr: { external: ['sealwright'] },
});
