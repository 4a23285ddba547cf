/** What is typed and not saved yet, stored for this tab: it outlives a reload and the end of a session. */

const PREFIX = 'enforce-tls:unsaved:'

/** What was stored under a name, or `null`. */
export function recall(name: string): unknown {
  try {
    const text = sessionStorage.getItem(PREFIX + name)
    return text === null ? null : (JSON.parse(text) as unknown)
  } catch {
    return null
  }
}

/** Stores a value; `null` deletes it. A browser that stores nothing loses it with the page. */
export function keep(name: string, value: unknown): void {
  try {
    if (value === null) sessionStorage.removeItem(PREFIX + name)
    else sessionStorage.setItem(PREFIX + name, JSON.stringify(value))
  } catch {
    // Private windows may refuse; the page itself still holds the value.
  }
}

/** Deletes all, so that the next user of this tab does not see it. */
export function forgetAll(): void {
  try {
    for (const name of Object.keys(sessionStorage))
      if (name.startsWith(PREFIX)) sessionStorage.removeItem(name)
  } catch {
    // As above.
  }
}
