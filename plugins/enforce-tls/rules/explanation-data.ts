/** An explanation as data. Pure. */
import { formatAddress, type MailAddress } from './address.js'
import type { Explanation } from './explanation.js'
import type { MessageView } from './match.js'
import type { Requirement } from './requirement.js'

/** What `explain --json` prints, and the console answers. */
export function explanationData(message: MessageView, { owners, ruling, open }: Explanation) {
  return {
    from: formatEnvelopeAddress(message.sender),
    to: formatEnvelopeAddress(message.recipient),
    direction: message.direction,
    // Where `waits` says that there is none, nothing is known of these.
    waits: ruling === null,
    requirement: withoutRules(ruling?.requirement ?? null),
    decidedBy: ruling?.requirement?.decidedBy ?? [],
    reported: ruling?.reported ?? [],
    // Without the header of the message, a rule that asks for it might decide otherwise.
    certain: ruling !== null && open.length === 0,
    dependsOn: open.map(({ owner, id, rule: { name }, fields }) => ({
      owner,
      id,
      name,
      fields: fields.filter(({ met }) => met === null).map(({ field }) => field),
    })),
    owners: owners.map(({ owner, awake, rules, problems }) => ({
      owner,
      awake,
      problems: problems.map(({ place, problem, effect }) => ({
        key: place?.key ?? null,
        field: place?.field ?? null,
        problem,
        effect,
      })),
      rules: rules.map(({ id, rule: { name, position }, state, part, fields }) => ({
        id,
        name,
        position,
        state,
        part,
        fields,
      })),
    })),
  }
}

/** An address as people write it; the null sender is `<>`. */
export function formatEnvelopeAddress(address: MailAddress): string {
  return address.domain === '' ? '<>' : formatAddress(address)
}

function withoutRules(requirement: Requirement | null): Omit<Requirement, 'decidedBy'> | null {
  if (requirement === null) return null
  const entries = Object.entries(requirement).filter(([name]) => name !== 'decidedBy')
  return Object.fromEntries(entries) as Omit<Requirement, 'decidedBy'>
}
