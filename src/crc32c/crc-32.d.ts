declare module 'crc-32/crc32c.js' {
  const tables: { buf(bytes: Uint8Array, seed?: number): number };
  export default tables;
}
