/**
 * The CRC32C functions of the npm packages to compare with recordpipe's kernel, called as directly
 * as possible: aws-crt through its native binding, the others through their exported function.
 */

import { createRequire } from 'node:module';
import { whyMissing } from './peer.mjs';

const require = createRequire(import.meta.url);

const KERNELS = [
  {
    name: 'aws-crt',
    load() {
      const { checksums_crc32c } = require('aws-crt/dist/native/binding').default;
      return (bytes) => checksums_crc32c(bytes, undefined);
    },
  },
  {
    name: '@node-rs/crc32',
    load() {
      const { crc32c } = require('@node-rs/crc32');
      return (bytes) => crc32c(bytes);
    },
  },
  {
    name: 'crc-32',
    load() {
      const { buf } = require('crc-32/crc32c');
      return (bytes) => buf(bytes) >>> 0;
    },
  },
];

/**
 * Returns every kernel. A kernel that cannot be loaded, or that fails the standard check value, has
 * `available: false` and a `reason`.
 */
export function availableKernels() {
  return KERNELS.map(({ name, load }) => {
    try {
      const crc32c = load();
      if (crc32c(Buffer.from('123456789')) !== 0xe3069283) throw new Error('wrong check value');
      return { name, version: require(`${name}/package.json`).version, available: true, crc32c };
    } catch (error) {
      const reason = error.code === 'MODULE_NOT_FOUND' ? whyMissing('npm') : String(error.message);
      return { name, available: false, reason };
    }
  });
}
