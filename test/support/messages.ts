import protobuf from 'protobufjs';

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Event {
    double wall_time = 1; int64 step = 2;
    oneof what { string file_version = 3; bytes graph_def = 4; Summary summary = 5; }
  }
  message Summary {
    message Image { int32 height = 1; int32 width = 2; int32 colorspace = 3; bytes encoded_image_string = 4; }
    message Value {
      string tag = 1; SummaryMetadata metadata = 9;
      oneof value { float simple_value = 2; Image image = 4; HistogramProto histo = 5; TensorProto tensor = 8; }
    }
    repeated Value value = 1;
  }
  message HistogramProto {
    double min = 1; double max = 2; double num = 3; repeated double bucket_limit = 6; repeated double bucket = 7;
  }
  message SummaryMetadata { message PluginData { string plugin_name = 1; bytes content = 2; } PluginData plugin_data = 1; }
  message TensorProto {
    int32 dtype = 1; bytes tensor_content = 4; repeated float float_val = 5; repeated bytes string_val = 8;
  }
  message ExampleListWithContext { repeated bytes examples = 1; bytes context = 2; }
  message Person { string name = 1; int32 id = 2; repeated string phones = 4; bytes key = 100; }
`);

/** Encodes a message with protobufjs. */
export function message(type: string, fields: Record<string, unknown>): Uint8Array {
  return Uint8Array.from(root.lookupType(type).encode(root.lookupType(type).fromObject(fields)).finish());
}

/** A TensorBoard event with summaries. */
export function event(step: number, ...value: Record<string, unknown>[]): Uint8Array {
  return message('Event', { wallTime: 1_600_000_000.5 + step, step, summary: { value } });
}
