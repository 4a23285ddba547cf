/** Rules in words for a person at a terminal. */
import type { Context } from './context.js'

export {
  otherCriteria,
  recipientsOf,
  formatAction as requirementWords,
  formatSender as senderWords,
} from '../admin/format-rule.js'

/** Why rules do nothing although they are on, and what wakes them. */
export function formatInactive({ command }: Context, domain: string, rules: string): string {
  return `The service of ${domain} is off, so ${rules}; wake with: ${command('domain', 'enable', domain)}`
}
