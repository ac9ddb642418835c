/**
 * SageMaker's recordio-protobuf: aialgs.data.Record.
 *
 * @module
 */
export {};
