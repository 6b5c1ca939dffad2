/*
 * sealwright completion: scripts that complete words in shells.
 */

import { command } from '../command.js';
import { completionScript, shells } from '../completion.js';
import { UsageError } from '../context.js';
import { ExitCode } from '../exit-code.js';

export const completion = command({
  name: 'completion',
  summary: 'print a script that completes words in a shell',
  description: [
    'Prints a script for bash, zsh or fish that completes commands, flags and files.',
    'For bash, write it to ~/.local/share/bash-completion/completions/sealwright; for zsh, to a file _sealwright in a folder of $fpath; for fish, to ~/.config/fish/completions/sealwright.fish.',
  ],
  arguments: [{ name: 'SHELL', help: 'bash, zsh or fish', required: true, choices: shells }],
  options: {},
  examples: [
    { line: 'completion bash', help: 'a script for bash' },
    { line: 'completion zsh', help: 'one for zsh' },
    { line: 'completion fish', help: 'one for fish' },
  ],
  async run({ out }, [word]) {
    // Not at the top: this command is one of them.
    const { commands } = await import('./index.js');
    const shell = shells.find((name) => name === word);
    if (shell === undefined) throw new UsageError(`completion is for ${shells.join(', ')}, found ${word}`);
    for (const line of completionScript(shell, commands).trimEnd().split('\n')) out.line(line);
    return ExitCode.ok;
  },
});
