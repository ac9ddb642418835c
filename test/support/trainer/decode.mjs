/** Returns the texts of a batch of records. */
export default function decode(batch) {
  return batch.map((record) => new TextDecoder().decode(record));
}
