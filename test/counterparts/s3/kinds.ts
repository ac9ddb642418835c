import type { Counterpart } from '../counterpart.ts';
import { startMoto } from './moto.ts';
import { startRgw } from './rgw.ts';
import type { S3Server } from './server.ts';
import { startVersitygw } from './versitygw.ts';

/** A service and its differences from S3 and from other services. */
export interface Kind {
  readonly name: string;
  readonly counterpart: Counterpart;
  start(): Promise<S3Server>;
  /** Whether it verifies signatures and rejects unsigned requests. */
  readonly signatures: boolean;
  /** Whether an access control list can make an object public. */
  readonly publicObjects: boolean;
  /** Whether `a//b` and `a/b` are distinct objects. */
  readonly doubleSlashes: boolean;
  /** Whether keys may have more than 255 bytes between slashes, the limit of file names. */
  readonly longNames: boolean;
  /** Whether it can create thousands of objects in a second or two. */
  readonly manyObjects: boolean;
  /**
   * The objects for which it returns a full-object checksum. `parts`: including multipart objects.
   */
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

/** Version 16.2, which supports no checksums except MD5. */
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

/** Grants every request. */
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
