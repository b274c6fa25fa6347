/**
 * What may become of a schema, and what it means for programs that were built from its older version. `docs/evolution.md` has
 * a row for each of these, in the same words, and an example that its test runs.
 */
export interface Rule {
  /** `safe`: callers of the old version go on as they were with instances of the new one. `break`: they may not. */
  readonly verdict: 'safe' | 'break';
  /** Why, and of a break what to do instead. In full sentences. */
  readonly reason: string;
}

export const rules = {
  methodAppended: safe(
    'Callers of the old version do not know it. An instance of the old version answers UNKNOWN_METHOD.',
  ),
  regionAppended: safe(
    'Callers of the old version do not know it. An instance of the old version answers UNKNOWN_REGION.',
  ),
  rowsChanged: safe("Both sides find whatever rows there are. How many there can be is the instance's word."),
  writersAdded: safe('Callers of the new version may write it, where the instance says so, too.'),
  errorAppended: safe('Callers of the old version get its number without its name.'),
  fieldAppended: safe('It has a default or is optional, so whoever does not know it leaves it out.'),
  valueAppended: safe(
    'It is declared open, so a value that is not known is its number, and a flag that is not known is left out.',
  ),
  idempotentAdded: safe('Callers of the new version may try it again on another instance.'),
  defaultAdded: safe('Callers of the old version always send it.'),
  defaultChanged: safe('Callers that leave it out go on sending the default of their own version.'),
  requestWidened: safe('Callers of the old version stay within it.'),
  replyNarrowed: safe('Callers of the old version get nothing that they do not expect.'),

  fieldAppendedBare: breaks('Whoever does not know it leaves it out. Give it a default, or make it optional.'),
  valueAppendedClosed: breaks(
    'It is not declared open, so callers of the old version may count on knowing all. Add a field of a new type.',
  ),
  variantAppended: breaks(
    'Callers of the old version cannot read it. Add a method, or an optional field, for the new variant.',
  ),
  removed: breaks(
    'Callers of the old version still use it. Keep it, and say in its description that it is not used any more.',
  ),
  renamed: breaks('Names are what both sides find things by. Keep the name.'),
  moved: breaks(
    'The order is the order in memory, and the numbers of methods, regions, errors and values. Keep the order.',
  ),
  inserted: breaks('It moves all that follow it. Append it at the end.'),
  typeChanged: breaks(
    'The bytes mean something else. Keep the field, and append one of the new type with a default or optional.',
  ),
  optionalChanged: breaks('Whoever has the other version cannot tell whether it is there. Append a new field.'),
  layoutChanged: breaks('It is laid out in another way in memory. Keep packed, align and endian.'),
  requestNarrowed: breaks(
    'Callers of the old version may send what is now refused. Keep the limit, and let the handler refuse.',
  ),
  replyWidened: breaks(
    'Callers of the old version may get what their version excludes. Append a field with the new limit.',
  ),
  closed: breaks('Whoever has the old version may send, or expect, more. Keep it open.'),
  defaultRemoved: breaks('Callers that leave it out are refused. Keep the default.'),
  idempotentRemoved: breaks('Callers of the old version go on trying it again on another instance. Add a new method.'),
  repliesChanged: breaks('Callers of the old version expect as many replies as before. Add a new method.'),
  codecChanged: breaks('Callers of the old version write and read another form. Add a new method.'),
  payloadChanged: breaks('Callers of the old version send or expect something else. Add a new method.'),
  rowChanged: breaks('The bytes of a row mean something else. Add a new region.'),
  keyChanged: breaks('Callers of the old version find rows by another field. Add a new region.'),
  writersRemoved: breaks('Callers of the old version go on writing it, and are refused. Add a new region.'),
  serviceRenamed: breaks('It is another service: its name is part of every route and of every C name. Keep the name.'),
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof rules;

function safe(reason: string): Rule {
  return { verdict: 'safe', reason };
}

function breaks(reason: string): Rule {
  return { verdict: 'break', reason };
}
