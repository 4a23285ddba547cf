/** Texts of others, fit for a message of ours. Pure. */

/** A text of unknown length and content, fit for one line of an error message. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text)
}
