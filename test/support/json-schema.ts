import { Ajv2020, type AnySchemaObject, type ValidateFunction } from 'ajv/dist/2020.js';

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
const compiled = new Map<object, ValidateFunction>();

/** Validates `value` against a JSON Schema. Returns the violations. */
export function misfits(value: unknown, schema: AnySchemaObject): string[] {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(schema);
    compiled.set(schema, validate);
  }
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `$${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}
