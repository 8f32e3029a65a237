// How the page is built: into `dist/page`, which the binary embeds and serves under `/` with a strict
// content security policy. So nothing is inlined: no script, no style, no picture as data.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, loadEnv } from "vite";

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  base: "/",
  build: {
    outDir: "dist/page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    // What all need is one file, with the board, to which all come; all other pages are another.
    // Several, each packed by itself, are larger.
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "shared", test: /[\\/]src[\\/](lib|parts|board|App|pages[\\/](SignIn|Board))/ }, { name: "pages", test: /[\\/]src[\\/](settings|coworkers|compute|plan|task|new|pages)/ }] } },
    },
  },
  server: { proxy: { "/api": loadEnv(mode, ".", "TENFOLD_").TENFOLD_API ?? "http://127.0.0.1:8480" } },
}));
