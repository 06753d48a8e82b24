// Turns a bundle into a module for Node.js: `node transpile.mjs vectra-sqlite.wasm folder`.
import { transpile, writeFiles } from '@bytecodealliance/jco-transpile';

const [bundle, outDir] = process.argv.slice(2);
const { files } = await transpile(bundle, {
  name: 'vectra',
  outDir,
  noTypescript: true,
  // What preview2-shim does not bring.
  map: {
    'spin:sqlite/sqlite@3.0.0': '../sqlite.mjs#sqlite',
    'fermyon:spin/variables@2.0.0': '../variables.mjs#variables',
  },
});
await writeFiles(files);
