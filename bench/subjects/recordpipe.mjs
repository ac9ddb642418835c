/** Serves recordpipe over the line protocol of bench/against, in a new process per mode. */

import { crc32cKernel } from 'recordpipe';
import { serve } from '../against/peer_protocol.mjs';
import { OPERATIONS } from './operations.mjs';

await serve({ name: 'recordpipe', version: `kernel ${crc32cKernel()}`, operations: OPERATIONS });
