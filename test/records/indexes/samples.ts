import type { LayoutOptions } from '../../../src/records/indexes/index.ts';
import { oracleDecodeRecordIO, oracleFileRecordIO } from '../../support/oracle-recordio.ts';
import { oracleLines } from '../../support/oracle-textline.ts';
import { concat, oracleDecode, oracleFile } from '../../support/oracle-tfrecord.ts';
import { Random } from '../../support/random.ts';

/** A file whose records are known. */
export interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly options: Partial<LayoutOptions>;
  readonly payloads: readonly Uint8Array[];
  readonly offsets: readonly number[];
}

const MAGIC = Uint8Array.of(0x0a, 0x23, 0xd7, 0xce);

function payloadsOf(random: Random, count: number, most: number): Uint8Array[] {
  return Array.from({ length: count }, () => random.bytes(random.below(most)));
}

function sample(
  name: string,
  bytes: Uint8Array,
  records: readonly { readonly payload: Uint8Array; readonly offset: number }[],
  options: Partial<LayoutOptions>,
): Sample {
  const payloads = records.map(({ payload }) => payload);
  return { name, bytes, options, payloads, offsets: records.map(({ offset }) => offset) };
}

/** Returns one sample of each format. @param count approximate number of records */
export function samples(seed: number, count: number, most = 300): Sample[] {
  const random = new Random(seed);
  const tfrecord = oracleFile(payloadsOf(random, count, most));
  const equal = oracleFile(Array.from({ length: count }, () => random.bytes(40)));
  const inParts = oracleFileRecordIO([
    ...payloadsOf(random, count, most).map((bytes, i) =>
      i % 5 === 0 ? concat([bytes.subarray(0, 8), MAGIC, bytes]) : bytes,
    ),
    concat([MAGIC, MAGIC, Uint8Array.of(1)]),
  ]);
  const whole = oracleFileRecordIO(payloadsOf(random, count, most));
  const text = (ends: readonly Uint8Array[]): Uint8Array =>
    concat(
      payloadsOf(random, count, most / 4).flatMap((line) => [
        line.map((byte) => byte % 50),
        random.pick(ends),
      ]),
    );
  const lines = text([Uint8Array.of(10), Uint8Array.of(13, 10)]);
  const delimiter = Uint8Array.of(7, 7);
  const doubled = text([delimiter]);
  return [
    sample('tfrecord', tfrecord, oracleDecode(tfrecord).records, { format: 'tfrecord' }),
    sample('tfrecord of one length', equal, oracleDecode(equal).records, { format: 'tfrecord' }),
    sample('recordio', whole, oracleDecodeRecordIO(whole).records, { format: 'recordio' }),
    sample('recordio in parts', inParts, oracleDecodeRecordIO(inParts).records, { format: 'recordio' }),
    sample(
      'recordio, joined otherwise',
      inParts,
      oracleDecodeRecordIO(inParts, { multipart: 'concat' }).records,
      {
        format: 'recordio',
        multipart: 'concat',
      },
    ),
    ...(['crlf', 'keep', 'all'] as const).map((cr) =>
      sample(`lines, ${cr}`, lines, oracleLines(lines, { cr }), { format: 'textline', cr }),
    ),
    sample(
      'a last line without an end',
      lines.subarray(0, -1),
      oracleLines(lines.subarray(0, -1), { cr: 'crlf' }),
      {
        format: 'textline',
      },
    ),
    sample('lines with a long delimiter', doubled, oracleLines(doubled, { delimiter }), {
      format: 'textline',
      delimiter,
    }),
  ];
}
