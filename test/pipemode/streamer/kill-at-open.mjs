// Kills its process as soon as the process has opened a pipe for writing.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { openSync } = fs;
fs.openSync = (path, flags, ...rest) => {
  const descriptor = openSync(path, flags, ...rest);
  if (/train_\d+$/.test(path) && (flags & fs.constants.O_WRONLY) !== 0) process.kill(process.pid, 'SIGKILL');
  return descriptor;
};
syncBuiltinESMExports();
