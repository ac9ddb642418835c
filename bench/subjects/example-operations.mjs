/** Measured decoding and parsing of Examples in memory. */

import { compileFeatures, decodeExample, ExampleDecoder, fixedLen } from 'recordpipe/messages';
import { addValues, decoding } from '../against/examples.mjs';

function planOf({ specs }, options) {
  const wanted = Object.entries(specs).map(([name, { kind, count }]) => [
    name,
    fixedLen(count === 1 ? [] : [count], kind),
  ]);
  return compileFeatures(Object.fromEntries(wanted), options);
}

function addDecoded(facts, example) {
  for (const { kind, value } of example.values()) addValues(facts, kind, value);
}

function addParsed(facts, { specs, parsed }) {
  for (const [name, { kind, count }] of Object.entries(specs)) {
    addValues(facts, kind, count === 1 ? [parsed[name]] : parsed[name]);
  }
}

function addColumns(facts, { specs, parsed }) {
  for (const [name, { kind }] of Object.entries(specs)) addValues(facts, kind, parsed[name].values);
}

/** Returns the parsed features with the specs, so that checks know what to sum. */
const parsing = (method, options) => (request) => {
  const parse = planOf(request, options)[method];
  const { specs } = request;
  return (input) => ({ specs, parsed: parse(input) });
};

export const EXAMPLE_OPERATIONS = {
  example: {
    decode: decoding(() => (record) => decodeExample(record), addDecoded),
    'decode, reuse': decoding(() => {
      const decoder = new ExampleDecoder();
      return (record) => decoder.decode(record);
    }, addDecoded),
    parse: decoding(parsing('parse'), addParsed),
    parse_batch: decoding(parsing('parseBatch'), addColumns, { batched: true }),
    'parse_batch, reuse': decoding(parsing('parseBatch', { reuse: true }), addColumns, { batched: true }),
  },
};
