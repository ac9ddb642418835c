import { type ErrorPlace, UsageError } from '../../errors.ts';
import { RECORD } from '../sagemaker/record.ts';
import type { ColumnVector } from './column-batch.ts';
import type { ColumnField, ColumnSchema } from './column-schema.ts';
import { FoundTensors } from './found-tensors.ts';
import type { RowDecoder } from './row-decoder.ts';
import { type TensorPart, tensorVector, textVector } from './tensor-vectors.ts';

const TEXTS = ['uid', 'metadata', 'configuration'] as const;
const TENSOR_PARTS: { readonly [suffix: string]: TensorPart } = {
  Values: 'values',
  Keys: 'keys',
  Shape: 'shape',
};

/** Converts Records of SageMaker's recordio-protobuf to vectors. */
export class RecordRows implements RowDecoder {
  readonly #found: FoundTensors;
  readonly #vectors: readonly ((found: FoundTensors) => ColumnVector)[];

  /**
   * @param exact whether content without a column is an error
   * @throws UsageError for a part or type that Records do not have
   */
  constructor({ fields }: ColumnSchema, exact: boolean) {
    const named = (group: string): string[] => [
      ...new Set(fields.flatMap(({ part, name, of = name }) => (part.startsWith(group) ? [of] : []))),
    ];
    const features = named('feature');
    const labels = named('label');
    const texts = TEXTS.filter((text) => fields.some(({ part }) => part === text));
    const vectorOf = ({
      name,
      part,
      type,
      nullable,
      of = name,
    }: ColumnField): ReturnType<typeof textVector> => {
      const text = texts.indexOf(part as (typeof TEXTS)[number]);
      if (text >= 0) return textVector(features.length + labels.length + text, false, nullable);
      const [, group = '', suffix = ''] = /^(feature|label)([A-Z].*)$/.exec(part) ?? [];
      const slot = group === 'label' ? features.length + labels.indexOf(of) : features.indexOf(of);
      if (suffix === 'ContentType') return textVector(slot, true, nullable);
      const tensorPart = TENSOR_PARTS[suffix];
      if (tensorPart === undefined || part === 'featureList')
        throw new UsageError(`column ${JSON.stringify(name)}: records of type Record have no ${part}`);
      return tensorVector(name, slot, tensorPart, type, nullable);
    };
    this.#vectors = fields.map(vectorOf);
    this.#found = new FoundTensors({ features, labels, texts: texts.map((text) => RECORD[text]) }, exact);
  }

  begin(rows: number, placeOf: (row: number) => ErrorPlace): void {
    this.#found.begin(rows, placeOf);
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    this.#found.add(bytes, start, end);
  }

  finish(): ColumnVector[] {
    return this.#vectors.map((build) => build(this.#found));
  }

  close(): void {
    this.#found.close();
  }
}
