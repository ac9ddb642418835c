import { MOTO } from './kinds.ts';
import { suite } from './suite.ts';

suite(MOTO);
