/** Tags of the fields of aialgs.data.Record. Source: record.proto of the SageMaker Python SDK (`sagemaker.amazon.record_pb2`). */
export const RECORD = {
  features: 0x0a,
  label: 0x12,
  uid: 0x1a,
  metadata: 0x22,
  configuration: 0x2a,
} as const;

/** Tags of the kinds of a Value. */
export const VALUE = { float32: 0x12, float64: 0x1a, int32: 0x3a, bytes: 0x4a } as const;

/** Tags of the fields of each tensor, packed. */
export const TENSOR = { values: 0x0a, keys: 0x12, shape: 0x1a } as const;

/** Tags of the fields of Bytes. */
export const BYTES = { value: 0x0a, contentType: 0x12 } as const;

/** Tags of the fields of an entry of a map. */
export const ENTRY = { name: 0x0a, value: 0x12 } as const;
