// Rows that `npm test` prints, whether or not anything failed: which implementations, on what, with which result.

/** A row to be logged with `t.log`. */
export function tableRow(implementations: string, subject: string, result: string): string {
  return `| ${implementations.padEnd(38)} | ${subject.padEnd(46)} | ${result}`;
}
