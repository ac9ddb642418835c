/** ` (2024-05-01T12:00:00.000Z)`, where the seconds are a date. */
export function timeText(seconds: number): string {
  const date = new Date(1000 * seconds);
  return Number.isNaN(date.getTime()) ? '' : ` (${date.toISOString()})`;
}
