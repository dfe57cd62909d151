import { defineConfig } from 'vite'

export default defineConfig({
  build: {
    // The oldest browsers with light-dark(), which the palette is written in.
    target: ['chrome123', 'firefox128', 'safari17.5'],
    // The server's content security policy has no room for data: addresses and inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
