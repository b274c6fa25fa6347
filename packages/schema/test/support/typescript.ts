/** The TypeScript compiler, for tests of types that are written elsewhere than in a test. */
import path from 'node:path';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '../../../..');
const file = path.join(import.meta.dirname, 'checked-text.ts');

/** The compiler's messages, under the rules of this repository, for a module that imports this package as `schema`. */
export function typeErrors(text: string): string[] {
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  // What the text declares is only looked at.
  const host = ts.createCompilerHost({ ...options, noUnusedLocals: false });
  const source = text.replaceAll("from 'schema'", "from '../../src/index.ts'");
  const readFile = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) => {
    return path.resolve(name) === file
      ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2024)
      : readFile(name, ...rest);
  };
  host.fileExists = (name) => path.resolve(name) === file || ts.sys.fileExists(name);
  const program = ts.createProgram([file], { ...options, noUnusedLocals: false }, host);
  const found = [...program.getSyntacticDiagnostics(), ...program.getSemanticDiagnostics(program.getSourceFile(file))];
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
