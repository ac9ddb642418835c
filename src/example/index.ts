/**
 * What is inside a record: tf.train.Example and SequenceExample.
 *
 * @module
 */
export {};
