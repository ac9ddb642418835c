/** The formats that are read and written. */
export type FormatName = 'tfrecord' | 'recordio' | 'textline';

export const FORMAT_NAMES: readonly FormatName[] = ['tfrecord', 'recordio', 'textline'];
