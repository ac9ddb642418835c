import { JsonCursor, type JsonSpan } from './json-cursor.ts';

/** A member of an object. */
export interface JsonMember {
  readonly name: string;
  /** Where its name begins. */
  readonly at: number;
  readonly value: JsonSpan;
}

/**
 * The members of the object that a text is, in its order.
 * @throws JsonMistake
 */
export function jsonMembers(text: string): JsonMember[] {
  const cursor = new JsonCursor(text);
  cursor.expect('{', 'at the beginning of a line');
  const members: JsonMember[] = [];
  for (let first = true; !cursor.takes('}'); first = false) {
    if (!first) cursor.expect(',', 'or } behind a value');
    const { start, end } = cursor.string('before a name');
    const name = JSON.parse(text.slice(start, end)) as string;
    cursor.expect(':', 'behind a name');
    members.push({ name, at: start, value: cursor.value() });
  }
  cursor.expectEnd();
  return members;
}
