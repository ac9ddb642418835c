/**
 * `@bufbuild/protobuf` over the line protocol of bench/against. It generates no code: `fromBinary`
 * interprets a descriptor.
 */

import { readFileSync } from 'node:fs';
import { create, createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import {
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { addValues, decoding } from './examples.mjs';
import { serve } from './peer_protocol.mjs';

const { version } = JSON.parse(
  readFileSync(new URL('node_modules/@bufbuild/protobuf/package.json', import.meta.url), 'utf8'),
);
const list = (name, type) => ({
  name,
  field: [{ name: 'value', number: 1, label: Label.REPEATED, type }],
});
const message = (name, number, typeName, more = {}) => ({
  name,
  number,
  label: Label.OPTIONAL,
  type: Type.MESSAGE,
  typeName,
  ...more,
});
const file = {
  name: 'example.proto',
  syntax: 'proto3',
  messageType: [
    list('BytesList', Type.BYTES),
    list('FloatList', Type.FLOAT),
    list('Int64List', Type.INT64),
    {
      name: 'Feature',
      oneofDecl: [{ name: 'kind' }],
      field: [
        message('bytes_list', 1, '.BytesList', { oneofIndex: 0 }),
        message('float_list', 2, '.FloatList', { oneofIndex: 0 }),
        message('int64_list', 3, '.Int64List', { oneofIndex: 0 }),
      ],
    },
    {
      name: 'Features',
      field: [message('feature', 1, '.Features.FeatureEntry', { label: Label.REPEATED })],
      nestedType: [
        {
          name: 'FeatureEntry',
          options: { mapEntry: true },
          field: [
            { name: 'key', number: 1, label: Label.OPTIONAL, type: Type.STRING },
            message('value', 2, '.Feature'),
          ],
        },
      ],
    },
    { name: 'Example', field: [message('features', 1, '.Features')] },
  ],
};
const Example = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getMessage('Example');
const KINDS = { bytesList: 'bytes', floatList: 'float', int64List: 'int64' };

function add(facts, { features }) {
  for (const { kind } of Object.values(features.feature)) {
    addValues(facts, KINDS[kind.case], kind.value.value);
  }
}

await serve({
  name: 'bufbuild',
  version,
  operations: { example: { decode: decoding(() => (record) => fromBinary(Example, record), add) } },
});
