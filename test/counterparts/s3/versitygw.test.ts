import { VERSITYGW } from './kinds.ts';
import { suite } from './suite.ts';

suite(VERSITYGW);
