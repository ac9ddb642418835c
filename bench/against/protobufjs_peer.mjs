/**
 * protobufjs over the line protocol of bench/against, with the decoders that it compiles from
 * types. They are the code that its `pbjs -t static` writes.
 */

import { createRequire } from 'node:module';
import protobuf from 'protobufjs';
import { addValues, decoding } from './examples.mjs';
import { serve } from './peer_protocol.mjs';

const { version } = createRequire(import.meta.url)('protobufjs/package.json');
const list = (type, options) => ({ fields: { value: { rule: 'repeated', type, id: 1, options } } });
const root = protobuf.Root.fromJSON({
  nested: {
    BytesList: list('bytes'),
    FloatList: list('float', { packed: true }),
    Int64List: list('int64', { packed: true }),
    Feature: {
      oneofs: { kind: { oneof: ['bytesList', 'floatList', 'int64List'] } },
      fields: {
        bytesList: { type: 'BytesList', id: 1 },
        floatList: { type: 'FloatList', id: 2 },
        int64List: { type: 'Int64List', id: 3 },
      },
    },
    Features: { fields: { feature: { keyType: 'string', type: 'Feature', id: 1 } } },
    Example: { fields: { features: { type: 'Features', id: 1 } } },
  },
});
const Example = root.lookupType('Example');

function add(facts, { features }) {
  for (const { bytesList, floatList, int64List } of Object.values(features.feature)) {
    if (bytesList) addValues(facts, 'bytes', bytesList.value);
    if (floatList) addValues(facts, 'float', floatList.value);
    if (int64List) addValues(facts, 'int64', int64List.value);
  }
}

await serve({
  name: 'protobufjs',
  version,
  operations: { example: { decode: decoding(() => (record) => Example.decode(record), add) } },
});
