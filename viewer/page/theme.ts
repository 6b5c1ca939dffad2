/*
 * Light and dark. The style sheet asks the system in one query (tokens.css); the switch changes what the query asks.
 */

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** On paper all is light. */
const CONDITIONS: Readonly<Record<Exclude<Theme, 'system'>, string>> = { light: 'not all', dark: 'screen' };

/** A function that sets the theme of a style sheet. */
export function themeSwitch(sheet: CSSStyleSheet): (theme: Theme) => void {
  const rules = Array.from(sheet.cssRules).filter((rule) => rule instanceof CSSMediaRule);
  const dark = rules.filter(({ media }) => /prefers-color-scheme: ?dark/.test(media.mediaText));
  const bySystem = dark.map(({ media }) => media.mediaText);
  return (theme) => {
    for (const [place, { media }] of dark.entries()) media.mediaText = theme === 'system' ? (bySystem[place] ?? '') : CONDITIONS[theme];
  };
}
