import { RGW } from './kinds.ts';
import { suite } from './suite.ts';

suite(RGW);
