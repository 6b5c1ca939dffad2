/*
 * Numbers and words in sentences.
 */

/** `1,234`, of a whole number. The first one that `toLocaleString` writes takes it 20 ms. */
export function grouped(count: number | bigint): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 event`, `2,000 events`. */
export function counted(count: number, thing: string): string {
  return `${grouped(count)} ${thing}${count === 1 ? '' : 's'}`;
}

/** What a report's `erased` says. */
export function erasedText(count: number): string {
  return `${counted(count, 'event')} ${count === 1 ? 'says' : 'say'} that a value behind a commitment was deleted`;
}

/** `12 bytes`, `3.4 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return counted(bytes, 'byte');
  const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes / 1024;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${value.toFixed(1)} ${units[unit]}`;
}

/** A word for a command line, quoted for a POSIX shell where it must be. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
