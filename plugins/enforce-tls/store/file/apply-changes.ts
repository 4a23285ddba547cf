/** Changes of entries, made in a document: all or none. Pure. */
import type { EntryPlace } from '../../rules/entry-problem.js'
import type { InPieces } from '../../work/pieces.js'
import type { EntryChange } from '../entry-change.js'
import { StoreError } from '../rule-store.js'
import { compactJson, placeIn, type RulesDocument } from '../rules-document.js'

/**
 * Compares all entries, then changes them.
 *
 * @param file for the words of an error
 * @returns the changes in the spelling of the document
 * @throws {StoreError} `STORE_CONFLICT` for an entry that is not as expected; nothing has changed then.
 * @throws {DocumentProblem} for a text that is not JSON.
 */
export function* applying(
  document: RulesDocument,
  changes: readonly EntryChange[],
  file: string,
): InPieces<readonly EntryChange[]> {
  const made = yield* spelling(changes)
  for (const change of made) {
    if ((entriesOf(document, change).get(change.field) ?? null) === change.expected) continue
    throw conflictAt(placeInDocument(change), file)
  }
  for (const change of made) {
    if (change.value === null) entriesOf(document, change).delete(change.field)
    else entriesOf(document, change).set(change.field, change.value)
  }
  return made
}

/** The place of an entry in the words of the document. */
export function placeInDocument({ key, owner, field }: EntryPlace): string {
  return key === 'rules' ? placeIn('rules', owner, field) : placeIn(key, field)
}

/** Somebody else was quicker. */
export function conflictAt(place: string, file: string): StoreError {
  return new StoreError(
    'STORE_CONFLICT',
    `${file}: ${place} was changed by somebody else in the meantime; nothing was written, read it again and repeat`,
  )
}

/** The part of a document that holds an entry; an owner who has none yet gets one. */
function entriesOf(document: RulesDocument, { key, owner }: EntryPlace): Map<string, string> {
  if (key !== 'rules') return document[key]
  const found = document.rules.get(owner) ?? new Map<string, string>()
  document.rules.set(owner, found)
  return found
}

/** The changes in the spelling of the document. */
function* spelling(changes: readonly EntryChange[]): InPieces<EntryChange[]> {
  const spelt: EntryChange[] = []
  for (const change of changes) {
    const { expected, value } = change
    spelt.push({
      ...change,
      expected: expected === null ? null : yield* compactJson(expected),
      value: value === null ? null : yield* compactJson(value),
    })
    yield
  }
  return spelt
}
