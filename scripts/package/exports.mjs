// The public API as text: of each subpath that package.json exports, every exported name with its whole declaration, as a
// user's compiler sees it in dist/, sorted by name. Comments and private members are left out.

import { readFileSync } from 'node:fs';
import { inProject } from '../run.mjs';

/** The subpaths with code, as their users write them: `sealwright`, `sealwright/part`. */
export function subpaths() {
  const { name, exports } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const typed = Object.entries(exports).filter(([, target]) => target.types !== undefined);
  return typed.map(([subpath, { types }]) => ({ specifier: name + subpath.slice(1), types }));
}

/** One `{specifier, text}` a subpath. dist/ must be compiled. */
export async function exportedApi() {
  // Not at the top: scripts are loaded before the dependencies are installed.
  const { default: ts } = await import('typescript');
  const entries = subpaths();
  const files = entries.map(({ types }) => inProject(types));
  const options = { module: ts.ModuleKind.Node20, types: ['node'], lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'] };
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  const printer = ts.createPrinter({ removeComments: true });

  const declarationsOf = (exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    return symbol.declarations.map((declaration) => {
      // A constant's declaration is the name and type only; `declare const` belongs to the statement around it.
      const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
      const text = printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile());
      const renamed = symbol.name === exported.name ? '' : `// exported as ${exported.name}\n`;
      return `${renamed}${unionsOnLines(withoutPrivate(text))}\n`;
    });
  };
  return entries.map(({ specifier }, index) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(files[index]));
    const exported = checker.getExportsOfModule(module).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return { specifier, text: exported.flatMap(declarationsOf).join('\n') };
  });
}

const withoutPrivate = (text) =>
  text
    .split('\n')
    .filter((line) => !/^ {4}(#private|private (?!constructor))/.test(line))
    .join('\n');

/** A long union has a member a line, so that a difference shows the member. */
function unionsOnLines(text) {
  if (!/^export type .{120,}$/.test(text)) return text;
  return text.replace(' = ', ' =\n    ').replaceAll(' | ', ' |\n    ');
}
