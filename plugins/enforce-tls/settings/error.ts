/** The error of a bad `enforce-tls.ini`; its message names file, section, key, value and what is expected. */

/** The file's name in Haraka's config folder. */
export const SETTINGS_FILE = 'enforce-tls.ini'

/** A key as an error shows it: one that is no key may be a line with a password in it. */
export function withoutValue(key: string): string {
  const [head = ''] = key.split(/[:@/]/, 1)
  return head === key ? key : `${head}…`
}

/** What is wrong in `enforce-tls.ini`. */
export class SettingsError extends Error {
  readonly code = 'BAD_SETTINGS'
  constructor(message: string) {
    super(message)
    this.name = 'SettingsError'
  }
}
