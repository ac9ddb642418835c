const MILLISECONDS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };

/** Milliseconds of `500ms`, `30s`, `5m`, `5min`, `1.5h`; of a bare number, seconds. Undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(ms|s|m|min|h)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, number, unit = 's'] = match;
  const milliseconds = Math.round(Number(number) * MILLISECONDS[unit.toLowerCase()]);
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined;
}
