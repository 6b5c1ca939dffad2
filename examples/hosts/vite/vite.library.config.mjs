import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    outDir: 'out/library',
    lib: { entry: 'src/recorder.js', formats: ['es', 'cjs'], fileName: 'recorder' },
    // A library is bundled with all that it imports, and as if for a browser: both are named.
    rolldownOptions: { external: ['sealwright', /^node:/] },
  },
});
