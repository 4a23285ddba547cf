/** What was thrown, in words. Pure. */

/** The message of an error; the text of anything else that was thrown. */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
