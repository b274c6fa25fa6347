/**
 * Makes everything that repeats the error list from the one place that holds it, packages/schema/src/errors.ts:
 * the C enum, the C texts and the reference page.
 *
 *   node scripts/gen-errors.ts [--check]
 */
import { type ErrorCode, type ErrorEntry, errors } from '../packages/schema/src/errors.ts';
import { type GeneratedFile, syncFiles } from './generated.ts';

const banner = 'Generated from packages/schema/src/errors.ts by `npm run gen`, do not edit.';
const entries = Object.entries(errors) as [ErrorCode, ErrorEntry][];

/** The files made from the error list, with paths relative to the repository. */
export function errorFiles(): GeneratedFile[] {
  refuseDuplicateNumbers();
  return [
    { path: 'c/include/isthmus/errors.h', text: header() },
    { path: 'c/src/errors.c', text: source() },
    { path: 'docs/errors.md', text: page() },
  ];
}

function refuseDuplicateNumbers(): void {
  const seen = new Map<number, string>();
  for (const [code, { number }] of entries) {
    const other = seen.get(number);
    if (other !== undefined) throw new Error(`errors.ts: ${other} and ${code} both have number ${number}`);
    seen.set(number, code);
  }
}

function header(): string {
  const members = entries.map(([code, { number, message }]) => `  /* ${message} */\n  ISTH_E_${code} = -${number}`);
  return `/* ${banner} */
/* errors.h: every error that Isthmus reports. */
#ifndef ISTHMUS_ERRORS_H
#define ISTHMUS_ERRORS_H

#include <isthmus/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A status: 0, one of these errors, or, of a call, the handler's own code (1 or more). Numbers are never reused. */
typedef enum isth_error {
  ISTH_OK = 0,
${members.join(',\n')}
} isth_error;

/*
 * The stable code of a status, as callers in TypeScript and over HTTP see it ("RING_FULL"); what happened, in one
 * sentence; and what to do about it. Never NULL: 0 is "OK", a handler's own code is HANDLER_REFUSED, and a number outside
 * the list is INTERNAL. Constant text, not to be freed; may be called from any thread and from a signal handler.
 */
ISTH_API const char *isth_error_name(int error);
ISTH_API const char *isth_error_message(int error);
ISTH_API const char *isth_error_action(int error);

#ifdef __cplusplus
}
#endif
#endif
`;
}

function source(): string {
  const rows = entries.map(([code, { number, message, action }]) => {
    const texts = [code, message, action].map(cString).join(',\n     ');
    return `    [${number}] =\n    {${texts}},`;
  });
  return `/* ${banner} */
/* errors.c: the texts of every error. */
#include <isthmus/errors.h>

#include <stddef.h>

typedef struct error_texts {
  const char *name;
  const char *message;
  const char *action;
} error_texts;

/* Indexed by an error's number, which is its negative. One text a line, however long: changes are then short diffs. */
/* clang-format off */
static const error_texts all_error_texts[] = {
    [0] =
    {"OK",
     "success",
     "Nothing: there was no error."},
${rows.join('\n')}
};
/* clang-format on */

static const error_texts *find_error_texts(int error) {
  const int count = (int)(sizeof all_error_texts / sizeof all_error_texts[0]);
  if (error > 0) error = ISTH_E_HANDLER_REFUSED;
  if (error <= -count || all_error_texts[-error].name == NULL) error = ISTH_E_INTERNAL;
  return &all_error_texts[-error];
}

const char *isth_error_name(int error) { return find_error_texts(error)->name; }

const char *isth_error_message(int error) { return find_error_texts(error)->message; }

const char *isth_error_action(int error) { return find_error_texts(error)->action; }
`;
}

function page(): string {
  const rows = entries.map(
    ([code, { number, http, retryable }]) =>
      `| [\`${code}\`](#${code.toLowerCase()}) | \`ISTH_E_${code}\` | -${number} | ${http} | ${retryable} |`,
  );
  const sections = entries.map(
    ([code, { message, action }]) => `### ${code}\n\n${capitalised(message)}.\n\n**What to do:** ${action}\n`,
  );
  return `<!-- ${banner} -->

# Errors

Every error that Isthmus reports, in C, in TypeScript, over HTTP and on the command line, is one of these. Match on the code: it
never changes, while the message may. In TypeScript it is \`error.code\` of an \`IsthmusError\`, in C the negative status that a
function returns (\`isth_error_name()\` gives the code), over HTTP the member \`code\` of the \`application/problem+json\` body.

*Retry* says when sending the same call again is safe:

- **always**: the call was certainly not executed.
- **idempotent**: it may have been executed, so only if executing it twice does no harm.
- **never**: the same call would fail the same way.

| code | in C | number | HTTP | retry |
|---|---|---|---|---|
${rows.join('\n')}

A handler's own refusals are none of these: they travel as \`HANDLER_REFUSED\` with the handler's code and message beside it.

## What happened, and what to do

${sections.join('\n')}`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A C string literal. The list is plain ASCII; anything else would need an encoding decision, so it is refused. */
function cString(text: string): string {
  if (!/^[ -~]*$/.test(text)) throw new Error(`errors.ts: ${JSON.stringify(text)} is not plain ASCII`);
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

if (import.meta.main) syncFiles(errorFiles());
