import type { Counterpart } from '../counterpart.ts';
import { startMoto } from './moto.ts';
import { startRgw } from './rgw.ts';
import type { S3Server } from './server.ts';
import { startVersitygw } from './versitygw.ts';

/** A service, and where it differs from S3 and from the others. */
export interface Kind {
  readonly name: string;
  readonly counterpart: Counterpart;
  start(): Promise<S3Server>;
  /** Whether it looks at signatures, and keeps those out who have none. */
  readonly signatures: boolean;
  /** Whether an object can be opened to everybody by its access control list. */
  readonly publicObjects: boolean;
  /** Whether `a//b` and `a/b` are two objects. */
  readonly doubleSlashes: boolean;
  /** Whether keys may be longer than a file name of 255 bytes between two slashes. */
  readonly longNames: boolean;
  /** Whether thousands of objects can be made in a second or two. */
  readonly manyObjects: boolean;
  /** Of which objects it names the checksum of all bytes; parts: also of those that came in parts. */
  readonly checksums: 'whole' | 'parts' | 'none';
}

/** Objects are files, so their keys are paths. */
export const VERSITYGW: Kind = {
  name: 'versitygw',
  counterpart: 'versitygw',
  start: startVersitygw,
  signatures: true,
  publicObjects: false,
  doubleSlashes: false,
  longNames: false,
  manyObjects: true,
  checksums: 'parts',
};

/** 16.2: it knows no checksums but MD5. */
export const RGW: Kind = {
  name: 'Ceph RGW',
  counterpart: 'rgw',
  start: startRgw,
  signatures: true,
  publicObjects: true,
  doubleSlashes: true,
  longNames: true,
  manyObjects: false,
  checksums: 'none',
};

/** Everybody may do everything. */
export const MOTO: Kind = {
  name: 'moto',
  counterpart: 'moto',
  start: startMoto,
  signatures: false,
  publicObjects: true,
  doubleSlashes: true,
  longNames: true,
  manyObjects: false,
  checksums: 'whole',
};
