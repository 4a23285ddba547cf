/**
 * What the settings of this Haraka mean for rules: the gateways that they can name, and what holds where a rule does not
 * say. Gateways by name alone: addresses and passwords are for those who have the machine.
 */
import { route } from '../route.js'
import { list, object, text } from '../schemas.js'

export const ruleSettingsRoutes = [
  route({
    method: 'get',
    path: '/rule-settings',
    operationId: 'getRuleSettings',
    summary:
      'What enforce-tls.ini on this Haraka says where a rule does not, and the gateways that a rule can name.',
    needs: 'reader',
    answers: {
      200: object({
        minVersion: { ...text, description: '[tls] min_version' },
        onFailure: { type: 'string', enum: ['bounce', 'defer'], description: '[failure] action' },
        gateways: { ...list(text), description: 'Names in [gateways].' },
      }),
    },
    handle: ({ context }) => {
      const { tls, failure, gateways } = context.settings()
      return Promise.resolve({
        body: {
          minVersion: tls.minVersion,
          onFailure: failure.action,
          gateways: gateways.map(({ name }) => name).sort(),
        },
      })
    },
  }),
]
