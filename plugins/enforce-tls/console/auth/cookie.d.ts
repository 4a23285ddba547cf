/** The package of express that reads cookies; it has no types of its own. */
declare module 'cookie' {
  export function parse(header: string): Readonly<Record<string, string | undefined>>
}
