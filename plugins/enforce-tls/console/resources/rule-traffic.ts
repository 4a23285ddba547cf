/** What an owner's rules were about in the last days, for a list of them: one request, one look at the delivery log. */
import { trafficOfRules } from '../../report/rule-traffic.js'
import { param, visibleOwner } from '../owner-access.js'
import { route } from '../route.js'
import { count, list, nullable, object, text } from '../schemas.js'

export const ruleTrafficRoutes = [
  route({
    method: 'get',
    path: '/owners/{owner}/rule-traffic',
    operationId: 'ruleTraffic',
    summary:
      'How many messages each rule was about in the last seven days, and how many failed for a TLS reason.',
    needs: 'reader',
    searches: true,
    answers: {
      200: object({
        since: text,
        until: text,
        rules: {
          ...nullable(list(object({ id: text, messages: count, failed: count }))),
          description: 'Rules that messages were about; null where that is not recorded, or cannot be read.',
        },
      }),
    },
    handle: async (call) => {
      const owner = visibleOwner(call, param(call, 'owner'))
      const { deliveries, settings } = call.context
      const now = new Date()
      const none = { since: now.toISOString(), until: now.toISOString(), rules: null }
      if (!settings().evidence.stream) return { body: none }
      return { body: (await trafficOfRules(deliveries, owner, now)) ?? none }
    },
  }),
]
