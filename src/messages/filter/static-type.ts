import { Arithmetic, ByteLength, Condition, FeatureLength, Literal } from './operands.ts';
import { BYTES, NO_VALUE, type Operand } from './value.ts';

/** Stands for all types of numbers. */
export const NUMBERS = -1;
/** Type of conditions. No feature has it. */
export const CONDITION = -2;

/** Returns the type that an operand has for every record; NO_VALUE if it depends on the record. */
export function staticType(operand: Operand): number {
  if (operand instanceof Literal) return operand.type === BYTES ? BYTES : NUMBERS;
  if (operand instanceof Condition) return CONDITION;
  const isNumber =
    operand instanceof Arithmetic || operand instanceof FeatureLength || operand instanceof ByteLength;
  return isNumber ? NUMBERS : NO_VALUE;
}
