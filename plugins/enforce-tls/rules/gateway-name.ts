/** Names of gateways, as `[gateways]` of enforce-tls.ini has them and a rule's `via` refers to one. Pure. */

/** The longest name, in characters. */
export const GATEWAY_NAME_MAX = 63

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/

/** What is wrong with a gateway's name, as the end of a sentence; `null` for a good one. */
export function gatewayNameProblem(name: string): string | null {
  return NAME.test(name)
    ? null
    : `is not a gateway name; a gateway name is 1 to ${GATEWAY_NAME_MAX} lower-case letters, digits, dots, hyphens and underscores, the first a letter or digit`
}
