import ts from 'typescript';
import { expect } from 'vitest';

/** Removes the types of a program, and changes nothing else, so that syntax that this Node does not support is a failure. */
export function moduleText(code: string): string {
  const { outputText, diagnostics } = ts.transpileModule(code, {
    reportDiagnostics: true,
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  expect(diagnostics).toEqual([]);
  return outputText;
}
