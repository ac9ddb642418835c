import { expect, test } from 'vitest';
import { imageHeader } from '../../src/check/index.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** The first bytes of images written by other programs (Pillow, TensorFlow, cwebp). */
const IMAGES: Record<string, string> = {
  'png 72x80': '89504e470d0a1a0a 0000000d49484452 0000004800000050 0802000000',
  'gif 300x2': '474946383961 2c01 0200 f00000',
  'bmp 5x7': '424d ba000000 0000 0000 36000000 28000000 05000000 07000000 0100 1800',
  'bmp 5x6': '424d ba000000 0000 0000 36000000 28000000 05000000 faffffff 0100 1800',
  'jpeg 43x54':
    'ffd8 ffe0 0010 4a46494600010101012c012c0000 ffdb 0004 0000 ffff c2 000b 08 0036 002b 01 01 11 00',
  'webp 320x200': '52494646 00000000 57454250 56503820 00000000 000000 9d012a 4001 c800 0000',
  'webp 17x9': '52494646 00000000 57454250 5650384c 00000000 2f 10000200 0000000000000000',
  'webp 1025x513': '52494646 00000000 57454250 56503858 0a000000 10000000 000400 000200 00',
  'tiff 640x480': '49492a00 08000000 0200 0001 0300 01000000 80020000 0101 0400 01000000 e0010000',
  'tiff 3x4': '4d4d002a 00000008 0002 0100 0003 00000001 00030000 0101 0003 00000001 00040000',
};

test.each(Object.entries(IMAGES))('%s', (name, bytes) => {
  const header = imageHeader(hex(bytes));
  expect(`${header?.kind} ${header?.width}x${header?.height}`).toBe(name);
});

test.each(Object.entries(IMAGES))('%s, truncated anywhere: its kind or undefined', (name, bytes) => {
  const whole = hex(bytes);
  for (let size = 0; size < whole.length; size++) {
    const header = imageHeader(whole.subarray(0, size));
    expect([undefined, name.split(' ')[0]]).toContain(header?.kind);
  }
});

test.each(['', 'GIF', 'RIFF....WAVE', 'BM', 'hello', 'II*', '\xff\xd8'])('%j is not an image', (text) => {
  expect(imageHeader(Uint8Array.from(text, (sign) => sign.charCodeAt(0)))).toBe(undefined);
});

test('invalid segments end the search', () => {
  expect(imageHeader(hex('ffd8 ffe0 0000 ffe0 0000'))).toMatchObject({ kind: 'jpeg', width: 0 });
  expect(imageHeader(hex('ffd8 ffe0 ffff'))).toMatchObject({ kind: 'jpeg', width: 0 });
});
