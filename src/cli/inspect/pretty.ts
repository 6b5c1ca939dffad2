/*
 * JSON on several lines, every number and string as it is spelled: parsing would make 1 of 1.0.
 */

/** The same JSON text, which has no white space, with two spaces for each level. */
export function prettyJson(text: string): string {
  let depth = 0;
  let result = '';
  const newLine = () => `\n${'  '.repeat(depth)}`;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|\{\}|\[\]|[{}[\],:]|[^"{}[\],:]+/g)) {
    if (token === '{' || token === '[') {
      depth += 1;
      result += token + newLine();
    } else if (token === '}' || token === ']') {
      depth -= 1;
      result += newLine() + token;
    } else if (token === ',') {
      result += token + newLine();
    } else {
      result += token === ':' ? ': ' : token;
    }
  }
  return result;
}
