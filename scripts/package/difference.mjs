// What differs between two texts, for a reader: `-` before lines that were there, `+` before lines that are new, and above
// each group the last line that begins at the margin, which says what the group is in.

/** The difference of two texts, empty when there is none. Takes time and memory in the product of their lines. */
export function difference(before, after) {
  const [old, now] = [before, after].map((text) => (text === '' ? [] : text.replace(/\n$/, '').split('\n')));
  const longest = commonLengths(old, now);
  const shown = [];
  let place = '';
  let grouped = false;
  const show = (line) => {
    if (!grouped && place !== '' && /^\s/.test(line.slice(2))) shown.push(`  ${place}`);
    grouped = true;
    shown.push(line);
  };
  for (let i = 0, j = 0; i < old.length || j < now.length; ) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      if (/^\S/.test(old[i])) place = old[i];
      grouped = false;
      i += 1;
      j += 1;
    } else if (j === now.length || (i < old.length && longest[i + 1][j] >= longest[i][j + 1])) {
      show(`- ${old[i]}`);
      i += 1;
    } else {
      show(`+ ${now[j]}`);
      j += 1;
    }
  }
  return shown.length === 0 ? '' : `${shown.join('\n')}\n`;
}

/** `[i][j]` is how many lines the texts from their lines `i` and `j` on have in common, in order. */
function commonLengths(old, now) {
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint32Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      lengths[i][j] = old[i] === now[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}
