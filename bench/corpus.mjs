/**
 * Every case by its name. `npm run bench -- REGEXP` runs those whose name matches; those of one group and size are
 * measured together, in the same rounds.
 */

export const RECORD_SIZES = [100, 1000, 10_000, 100_000];
export const KERNEL_SIZES = [16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 4_194_304];

const SHORT = { 100: '100B', 1000: '1KB', 10000: '10KB', 100000: '100KB' };

/**
 * @typedef {{ name: string, group: 'kernel' | 'read' | 'write' | 'several' | 'memory' | 'process', size?: number, what: string }} Case
 * @param {{ full: boolean }} options full: the memory cases on files of 10 GiB instead of 256 MiB
 * @returns {Case[]}
 */
export function corpus({ full }) {
  const records = (what, group) =>
    RECORD_SIZES.map((size) => ({ name: `tfrecord/${what}/${SHORT[size]}`, group, size, what }));
  const [file, huge] = full ? ['10GiB', '2GiB'] : ['256MiB', '256MiB'];
  return [
    ...KERNEL_SIZES.map((size) => ({ name: `kernel/${size}`, group: 'kernel', size, what: 'crc32c' })),
    ...['validate', 'batches', 'views'].flatMap((what) => records(what, 'read')),
    ...records('two-files', 'several'),
    ...records('write', 'write'),
    { name: 'cli/help', group: 'process', what: 'help' },
    { name: 'cli/validate-1MB', group: 'process', what: 'validate-1MB' },
    { name: `memory/validate-${file}-100B`, group: 'memory', what: 'small records' },
    { name: `memory/validate-${file}-${huge}`, group: 'memory', what: 'huge records' },
  ];
}
