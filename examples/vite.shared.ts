import react from '@vitejs/plugin-react';
import type { UserConfig } from 'vite';

/**
 * The configuration of both pages.
 * @param demoUrl - the page's address in the demo, which has the BFF under the same origin
 */
export const pageConfig = (demoUrl: string): UserConfig => ({
  plugins: [react()],
  // The host of the demo's page: so the session's cookie is sent to both.
  server: { host: '127.0.0.1', proxy: { '/graphql': demoUrl, '/auth': demoUrl } },
  build: {
    license: { fileName: 'licenses.md' },
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // Names without hashes, so that the committed files have a history.
        entryFileNames: 'app.js',
        chunkFileNames: '[name].js',
        assetFileNames: 'app[extname]',
        codeSplitting: { groups: [{ name: 'react', test: /node_modules/ }] },
      },
    },
  },
});
