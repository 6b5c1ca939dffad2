/*
 * The line at the top: what this is, and what can be done at any time.
 */

import { useState } from 'preact/hooks';
import { FileButton } from './drop.js';
import { Symbol, type SymbolName } from './symbols.js';
import { THEMES, type Theme } from './theme.js';

const SYMBOLS: Readonly<Record<Theme, SymbolName>> = { system: 'device', light: 'sun', dark: 'moon' };

interface Props {
  readonly isOpen: boolean;
  readonly onFiles: (files: readonly File[]) => void;
  readonly onTheme: (theme: Theme) => void;
  readonly onPrint: () => void;
}

export function Header({ isOpen, onFiles, onTheme, onPrint }: Props) {
  const [theme, setTheme] = useState<Theme>('system');
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
  const change = () => {
    setTheme(next);
    onTheme(next);
  };
  return (
    <header class="top">
      <p class="brand">
        <Symbol name="seal" />
        Sealwright <span class="soft">viewer</span>
      </p>
      <div class="top-tools">
        {isOpen && <FileButton onFiles={onFiles}>Open</FileButton>}
        {isOpen && (
          <button type="button" class="icon" onClick={onPrint} aria-label="Print" title="Print">
            <Symbol name="print" />
          </button>
        )}
        <button type="button" class="icon" onClick={change} aria-label={`Colours: ${theme}. Change to ${next}`} title={`Colours: ${theme}`} data-theme={theme}>
          <Symbol name={SYMBOLS[theme]} />
        </button>
      </div>
    </header>
  );
}
