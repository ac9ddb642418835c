// Runs a bundle for browsers without modules of Node: node no-node.mjs BUNDLE FILE.
import { openAsBlob } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [bundle, file] = process.argv.slice(2);
process.getBuiltinModule = undefined;
await import(pathToFileURL(bundle).href);
console.log(JSON.stringify(await globalThis.countRecords(await openAsBlob(file))));
