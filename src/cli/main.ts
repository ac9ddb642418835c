#!/usr/bin/env node
import { fail } from './fail.ts';
import { program } from './program.ts';

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = await fail(error);
}
