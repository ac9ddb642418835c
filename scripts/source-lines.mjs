import { decode, encode } from '@jridgewell/sourcemap-codec';
import { minifySync, parseSync, Visitor } from 'rolldown/utils';

/** After these words, the end of a line would end the statement. */
const UNBREAKABLE = /(?:^|[^\w$.#])(?:return|throw|break|continue|yield|async)\s*$/;

/**
 * Breaks minified code into the lines of its sources, so that stacks, and the line that Node prints
 * for an uncaught error, are readable. Returns the code, and a source map with one mapping per line,
 * which has a tenth of the size of one with columns.
 */
export function sourceLines(name, code, mapText) {
  const map = JSON.parse(mapText);
  const rows = decode(map.mappings);
  const texts = rangesOfTexts(name, code);
  const lines = [];
  const mappings = [];
  let offset = 0;
  let at;
  for (const [i, line] of code.split('\n').entries()) {
    let start = 0;
    mappings.push(at === undefined ? [] : [[0, ...at, 0]]);
    for (const [column, ...place] of rows[i] ?? []) {
      if (place.length === 0 || (at?.[0] === place[0] && at[1] === place[1])) continue;
      const mayBreak =
        column > start &&
        !texts.has(offset + column) &&
        !UNBREAKABLE.test(line.slice(Math.max(start, column - 12), column)) &&
        !/^(\+\+|--)/.test(line.slice(column, column + 2));
      if (column > start && !mayBreak) continue;
      if (column > start) {
        lines.push(line.slice(start, column));
        mappings.push([]);
      }
      start = column;
      at = place.slice(0, 2);
      mappings[mappings.length - 1] = [[0, ...at, 0]];
    }
    lines.push(line.slice(start));
    offset += line.length + 1;
  }
  const broken = lines.join('\n');
  if (canonical(name, broken) !== canonical(name, code))
    throw new Error(`${name}: a line break changed the code`);
  const { sources } = map;
  return {
    code: broken,
    map: JSON.stringify({ version: 3, sources, names: [], mappings: encode(mappings) }),
  };
}

/** Returns the offsets that are in the text of a template. */
function rangesOfTexts(name, code) {
  const inside = new Set();
  const add = ({ start, end }) => {
    for (let offset = start; offset <= end; offset++) inside.add(offset);
  };
  new Visitor({ TemplateElement: add }).visit(parseSync(name, code).program);
  return inside;
}

function canonical(name, code) {
  return minifySync(name, code, {
    module: true,
    compress: false,
    mangle: false,
    codegen: { removeWhitespace: true },
  }).code;
}
