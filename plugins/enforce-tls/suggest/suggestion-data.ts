/** A suggestion as data: what `suggest --json` prints and the API answers. Pure. */
import { acceptedRule } from './accept.js'
import { sentencesOf } from './format-suggestion.js'
import type { LevelRecord } from './record.js'
import type { Suggestion } from './suggestions.js'

/** Times are RFC 3339 in UTC. */
export function suggestionData(suggestion: Suggestion) {
  const { owner, partner, level, heldLevels, missedLevel, record } = suggestion
  const { first, last, deliveries, server, publishes, incoming } = record
  return {
    owner,
    partner,
    level,
    heldLevels,
    deliveries,
    first: iso(first),
    last: iso(last),
    held: levelData(record.levels[level]),
    stricter: missedLevel && { level: missedLevel, ...levelData(record.levels[missedLevel]) },
    server: server && { ...server, at: iso(server.at) },
    publishes,
    incoming: incoming && { ...incoming, last: iso(incoming.last) },
    sentences: sentencesOf(suggestion),
    rule: acceptedRule(suggestion),
  }
}

function levelData({ judged, missed, missedAt, why, held, since, last }: LevelRecord) {
  return { judged, missed, missedAt: iso(missedAt), why, held, since: iso(since), last: iso(last) }
}

function iso(time: number): string | null {
  return time > 0 ? new Date(time).toISOString() : null
}
