/** The named trusts of the settings, by name alone: files and certificates are for those who have the machine. */
import { route } from '../route.js'
import { list, object, text } from '../schemas.js'

export const trustRoutes = [
  route({
    method: 'get',
    path: '/trusts',
    operationId: 'listTrusts',
    summary:
      'The trusts that a rule can name: the sections [trust:<name>] of enforce-tls.ini on this Haraka.',
    needs: 'reader',
    answers: { 200: list(object({ name: text })) },
    handle: ({ context }) =>
      Promise.resolve({
        body: Object.keys(context.settings().trusts)
          .sort()
          .map((name) => ({ name })),
      }),
  }),
]
