#!/usr/bin/env node
import { fail } from './fail.ts';
import { program } from './program.ts';

try {
  const root = await program(process.argv[2]);
  await root.parseAsync();
} catch (error) {
  process.exitCode = await fail(error);
}
