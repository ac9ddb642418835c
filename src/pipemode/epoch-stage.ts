import { RecordStage } from '../dataset/record-stage.ts';
import type { Step } from '../dataset/stage.ts';
import type { RecordBatch } from '../records/batch.ts';
import type { EpochReading } from './epoch-reading.ts';

/** The records of one epoch, one by one; counts what has been handed out. */
export class EpochStage extends RecordStage {
  readonly #reading: EpochReading;

  constructor(reading: EpochReading) {
    super((signal): AsyncIterator<RecordBatch> => reading.batches(signal, false));
    this.#reading = reading;
  }

  override next(): Step<Uint8Array> {
    const step = super.next();
    if (typeof step !== 'symbol') this.#reading.handOut(1);
    return step;
  }

  override pass(count: number): number {
    const passed = super.pass(count);
    if (passed > 0) this.#reading.handOut(passed);
    return passed;
  }
}
