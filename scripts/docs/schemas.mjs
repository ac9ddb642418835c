// Writes the JSON Schemas of schema/output/ from the types of src/cli/json-documents.ts.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const DOCUMENTS = join(root, 'src/cli/json-documents.ts');
/** Where the schemas are published. */
const BASE = 'https://unpkg.com/recordpipe/schema/output/';

/** Returns the JSON Schema of each document, by its name. */
export function outputSchemas() {
  const config = ts.getParsedCommandLineOfConfigFile(join(root, 'tsconfig.json'), {}, ts.sys);
  const program = ts.createProgram([DOCUMENTS], { ...config.options, noEmit: true });
  const checker = program.getTypeChecker();
  const [documents] = checker
    .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(DOCUMENTS)))
    .filter(({ name }) => name === 'JsonDocuments');
  const properties = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(documents));
  return new Map(
    properties.map((document) => {
      const { rule, definitions } = new SchemaWriter(checker).write(checker.getTypeOfSymbol(document));
      const schema = {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: `${BASE}${document.name}.json`,
        title: `recordpipe ${document.name}`,
        description: textOf(checker, document),
        ...rule,
        ...(definitions.size > 0 && { $defs: Object.fromEntries([...definitions].sort(byName)) }),
      };
      return [document.name, schema];
    }),
  );
}

/** Describes types as `JSON.stringify` writes their values. */
class SchemaWriter {
  #checker;
  /** Named types and their rules, which may refer to each other. */
  #definitions = new Map();
  #types = new Map();

  constructor(checker) {
    this.#checker = checker;
  }

  /** Returns the rule of a document, with the definitions to which it refers. */
  write(type) {
    const name = nameOf(type);
    if (name !== undefined) this.#types.set(name, type);
    return { rule: this.#contents(type), definitions: this.#definitions };
  }

  /** Returns the rule of a type, which is a reference if the type has a name. */
  #rule(type) {
    const name = nameOf(type);
    if (name === undefined) return this.#contents(type);
    if (this.#types.has(name) && this.#types.get(name) !== type)
      throw new Error(`two types of a document have the name ${name}`);
    if (!this.#types.has(name)) {
      this.#types.set(name, type);
      const rule = this.#contents(type);
      this.#definitions.set(name, this.#described(type, rule));
    }
    return { $ref: `#/$defs/${name}` };
  }

  #described(type, rule) {
    const description = textOf(this.#checker, type.aliasSymbol ?? type.symbol);
    return description === undefined ? rule : { description, ...rule };
  }

  #contents(type) {
    const checker = this.#checker;
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return {};
    if (type.isUnion()) return this.#union(type.types);
    if (type.flags & ts.TypeFlags.Null) return { type: 'null' };
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if (type.flags & ts.TypeFlags.BooleanLiteral) return { const: type.intrinsicName === 'true' };
    if (type.flags & ts.TypeFlags.StringLike) return { type: 'string' };
    if (type.flags & ts.TypeFlags.NumberLike) return { type: 'number' };
    if (checker.isTupleType(type)) {
      const prefixItems = checker.getTypeArguments(type).map((one) => this.#rule(one));
      return { type: 'array', prefixItems, minItems: prefixItems.length, items: false };
    }
    if (checker.isArrayType(type))
      return { type: 'array', items: this.#rule(checker.getTypeArguments(type)[0]) };
    if (type.symbol?.name === 'Date') return { type: 'string' };
    const toJSON = type.getProperty('toJSON');
    if (toJSON !== undefined) {
      const [{ declaration }] = checker.getTypeOfSymbol(toJSON).getCallSignatures();
      return this.#rule(checker.getReturnTypeOfSignature(checker.getSignatureFromDeclaration(declaration)));
    }
    if (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) return this.#object(type);
    throw new Error(`JSON has no ${checker.typeToString(type)}`);
  }

  #union(types) {
    const present = types.filter(({ flags }) => !(flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)));
    const literals = present.filter((type) => type.isStringLiteral() || type.isNumberLiteral());
    const isBoolean = present.filter(({ flags }) => flags & ts.TypeFlags.BooleanLiteral).length === 2;
    const others = present.filter(
      (type) => !literals.includes(type) && !(isBoolean && type.flags & ts.TypeFlags.BooleanLiteral),
    );
    const rules = others.map((type) => this.#rule(type));
    if (isBoolean) rules.unshift({ type: 'boolean' });
    if (literals.length === 1) rules.unshift({ const: literals[0].value });
    if (literals.length > 1) rules.unshift({ enum: literals.map(({ value }) => value) });
    rules.sort((a, b) => Number(a.type === 'null') - Number(b.type === 'null'));
    return rules.length === 1 ? rules[0] : { anyOf: rules };
  }

  #object(type) {
    const checker = this.#checker;
    const rule = { type: 'object' };
    const properties = {};
    const required = [];
    for (const property of checker.getPropertiesOfType(type)) {
      const held = checker.getTypeOfSymbol(property);
      if (held.getCallSignatures().length > 0 || property.name.startsWith('__@')) continue;
      const isOptional = property.flags & ts.SymbolFlags.Optional || mayBeUndefined(held);
      if (!isOptional) required.push(property.name);
      const description = textOf(checker, property);
      properties[property.name] = { ...(description && { description }), ...this.#rule(held) };
    }
    if (Object.keys(properties).length > 0) rule.properties = properties;
    if (required.length > 0) rule.required = required;
    const index = type.getStringIndexType();
    if (index !== undefined) rule.additionalProperties = this.#rule(index);
    return rule;
  }
}

/** Returns the name of a type that is declared by the project and has no type arguments. */
function nameOf(type) {
  const { aliasSymbol, aliasTypeArguments, symbol } = type;
  if (aliasSymbol !== undefined)
    return aliasTypeArguments === undefined && isOwn(aliasSymbol) ? aliasSymbol.name : undefined;
  const isNamed = type.isClassOrInterface() && (type.typeParameters ?? []).length === 0;
  return isNamed && isOwn(symbol) ? symbol.name : undefined;
}

function isOwn(symbol) {
  const { fileName } = symbol.declarations[0].getSourceFile();
  return fileName.includes('/src/') && !fileName.includes('/node_modules/');
}

function mayBeUndefined(type) {
  return type.isUnion() && type.types.some(({ flags }) => flags & ts.TypeFlags.Undefined);
}

/** Returns the docstring of a symbol as one paragraph per line; undefined if it has none. */
function textOf(checker, symbol) {
  const text = ts.displayPartsToString(symbol?.getDocumentationComment(checker) ?? []);
  const plain = text.replace(/\{@link (\w+)\}/g, '$1').replace(/(\S)\n(?=\S)/g, '$1 ');
  return plain.trim() === '' ? undefined : plain.trim();
}

function byName([a], [b]) {
  return a < b ? -1 : 1;
}
