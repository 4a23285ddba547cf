/** How the store stands that the rules are in: what every page says above all that it shows. */
import { route } from '../route.js'
import { list, nullable, object, text } from '../schemas.js'
import { shownTaking } from '../taken.js'

export const storeRoutes = [
  route({
    method: 'get',
    path: '/store',
    operationId: 'getStore',
    summary: 'Whether Haraka takes its rules from the store that is shown here.',
    needs: 'reader',
    answers: {
      200: object({
        problem: {
          ...nullable(text),
          description: 'Why it takes none, so that what is in force is unknown here; null where it does.',
        },
        warnings: { ...list(text), description: 'What endangers the rules; for administrators of all.' },
      }),
    },
    handle: async (call) => ({ body: await shownTaking(call) }),
  }),
]
